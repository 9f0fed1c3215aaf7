/** A promise that somebody else fulfils. */
export interface Gate {
  readonly opened: Promise<void>;
  /** Once is enough. */
  open(): void;
}

export const createGate = (): Gate => {
  let open = (): void => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  return { opened, open };
};
