/**
 * Waits until a condition holds, looking every few milliseconds of real time.
 *
 * @param timeoutMs when to give up with an error
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > deadlineMs) {
      throw new Error(`waited ${timeoutMs} ms in vain until ${condition.toString()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
