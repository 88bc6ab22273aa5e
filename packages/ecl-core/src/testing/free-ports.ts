import { createServer } from 'node:net'

/** Below those that a system gives to outgoing connections, with room above for the ports of a cluster's bus. */
const LOWEST = 12_000
const HIGHEST = 21_999
/** How far above its port a node of a cluster listens to the other nodes. */
const BUS = 10_000

/** Finds ports of the loopback interface that are free, and those of a cluster's bus that go with them. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    if ((await isFree(port)) && (await isFree(port + BUS))) ports.add(port)
  }
  return [...ports]
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
