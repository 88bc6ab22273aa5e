/**
 * Makes a process' time of day wrong, by ECL_TEST_CLOCK_MS from the start, and by as much again every second, as on a
 * machine whose clock is set over and over. `node --import wrong-clock.mjs …`; the truth stays at `globalThis.trueNow`.
 */
const trueNow = Date.now
const startedMs = trueNow()
const stepMs = Number(process.env.ECL_TEST_CLOCK_MS)

globalThis.trueNow = trueNow
Date.now = () => {
  const nowMs = trueNow()
  return nowMs + stepMs * (1 + Math.floor((nowMs - startedMs) / 1000))
}
