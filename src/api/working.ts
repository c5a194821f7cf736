/** What whoever asks for longer work can do about it. */
export interface Working {
  /** Stops the work: the promise rejects with the signal's reason, an AbortError where none was given. */
  readonly signal?: AbortSignal | undefined;
  /** Called with what is being done, in a few words. */
  readonly progress?: ((doing: string) => void) | undefined;
}

/** `progress` of work that can be stopped: an abort that came meanwhile is thrown. */
export function progressOf({ signal, progress }: Working): (doing: string) => void {
  return (doing) => {
    signal?.throwIfAborted();
    progress?.(doing);
  };
}
