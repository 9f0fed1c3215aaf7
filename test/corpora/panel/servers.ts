import { fileURLToPath } from 'node:url';

/** What a server of the panel is started with. */
export interface Recipe {
  /** Name of the program. */
  readonly program: string;
  /** @param config path of the file that holds what `config` gave */
  readonly args: (config: string, port: number) => readonly string[];
  /** @param echo port of the server behind it @param folder its own */
  readonly config: (port: number, echo: number, folder: string) => string;
}

const PYTHON_ECHO = fileURLToPath(new URL('echo.py', import.meta.url));

/** Servers in front of the same echo (Python's is one itself): how they pass a request on tells how they read it. */
export const RECIPES: Readonly<Record<string, Recipe>> = {
  nginx: {
    program: 'nginx',
    args: config => ['-c', config],
    config: (port, echo, folder) => `
      daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/log;
      events { worker_connections 512; }
      http {
        access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
        fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
        large_client_header_buffers 8 64k; client_max_body_size 0; keepalive_requests 100000;
        server {
          listen 127.0.0.1:${port};
          location / {
            proxy_pass http://127.0.0.1:${echo}; proxy_http_version 1.1;
            proxy_set_header Host $http_host; proxy_set_header Connection ""; proxy_request_buffering off;
          }
        }
      }`,
  },
  haproxy: {
    program: 'haproxy',
    args: config => ['-q', '-db', '-f', config],
    config: (port, echo) => `
global
  tune.bufsize 65536
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
frontend front
  bind 127.0.0.1:${port}
  default_backend echo
backend echo
  server echo 127.0.0.1:${echo}
`,
  },
  'caddy (net/http of Go)': {
    program: 'caddy',
    args: config => ['run', '--adapter', 'caddyfile', '--config', config],
    config: (port, echo) => `{
  admin off
  auto_https off
}
http://:${port} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${echo}
}
`,
  },
  apache: {
    program: 'apache2',
    args: config => ['-X', '-f', config],
    config: (port, echo, folder) => `
ServerName panel
ServerRoot ${folder}
PidFile ${folder}/pid
ErrorLog ${folder}/log
DefaultRuntimeDir ${folder}
Listen 127.0.0.1:${port}
${['mpm_event', 'authz_core', 'proxy', 'proxy_http'].map(name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
AllowEncodedSlashes NoDecode
ProxyPreserveHost On
MaxKeepAliveRequests 0
LimitRequestFieldSize 65000
LimitRequestFields 1000
ProxyPass / http://127.0.0.1:${echo}/ nocanon
`,
  },
  lighttpd: {
    program: 'lighttpd',
    args: config => ['-D', '-f', config],
    config: (port, echo, folder) => `
server.document-root = "${folder}"
server.bind = "127.0.0.1"
server.port = ${port}
server.modules = ( "mod_proxy" )
server.errorlog = "${folder}/log"
server.http-parseopts = ( "url-normalize" => "disable", "method-get-body" => "enable" )
server.max-keep-alive-requests = 1000
server.max-request-field-size = 65000
proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => ${echo} )) )
`,
  },
  "python's http.server": {
    program: 'python3',
    args: (_, port) => [PYTHON_ECHO, `${port}`],
    config: () => '',
  },
};
