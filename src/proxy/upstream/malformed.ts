/** What came from an instance is no response that could be passed on. */
export class MalformedResponse extends Error {
  override readonly name = 'MalformedResponse';
}
