/**
 * Between steps of work that can be stopped: whatever waits runs, an abort among it, and is thrown as the signal's reason. Nothing where there is no
 * signal.
 */
export async function pause(signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return;
  signal.throwIfAborted();
  await new Promise((resolve) => setTimeout(resolve, 0));
  signal.throwIfAborted();
}
