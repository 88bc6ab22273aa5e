import type { CellContext } from '../cell-context.ts'

/** Counts an event by its name. */
export type Count = (event: string) => void

/** The least that counting by name can be: a map of boxes, which nobody sends anywhere. */
export function mapOfBoxes(): Count {
  const boxes = new Map<string, { n: number }>()
  return (event) => {
    const box = boxes.get(event)
    if (box === undefined) boxes.set(event, { n: 1 })
    else box.n++
  }
}

/** prom-client, with the event as a label. */
export async function promClient(): Promise<Count> {
  const { Counter, Registry } = await import('prom-client')
  const counter = new Counter({
    ...{ name: 'events_total', help: 'Events', labelNames: ['event'], registers: [new Registry()] },
  })
  return (event) => counter.inc({ event })
}

/** OpenTelemetry's SDK, with the event as an attribute and room for all of them. */
export async function openTelemetry(): Promise<Count> {
  const {
    AggregationTemporality,
    InMemoryMetricExporter,
    MeterProvider,
    PeriodicExportingMetricReader,
  } = await import('@opentelemetry/sdk-metrics')
  const reader = new PeriodicExportingMetricReader({
    exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE),
    exportIntervalMillis: 3_600_000,
  })
  const provider = new MeterProvider({
    readers: [reader],
    views: [{ instrumentName: '*', aggregationCardinalityLimit: 2_000_000 }],
  })
  const counter = provider.getMeter('benchmark').createCounter('events')
  return (event) => counter.add(1, { event })
}

/** Sends packets to a port of this machine on which somebody listens, and throws them away. */
async function discardPort(context: CellContext): Promise<number> {
  const { Worker } = await import('node:worker_threads')
  const text = `
    const { parentPort } = require('node:worker_threads')
    const socket = require('node:dgram').createSocket('udp4').bind(0, '127.0.0.1')
    socket.on('listening', () => parentPort.postMessage(socket.address().port))`
  const worker = new Worker(text, { eval: true })
  context.onClose(async () => void (await worker.terminate()))
  return new Promise((resolve) => worker.once('message', resolve))
}

/** hot-shots, which gathers counts into packets of a network's size. */
export async function hotShots(context: CellContext): Promise<Count> {
  const { StatsD } = await import('hot-shots')
  const port = await discardPort(context)
  const client = new StatsD({ host: '127.0.0.1', port, cacheDns: true, maxBufferSize: 1400 })
  context.onClose(() => new Promise((resolve) => client.close(() => resolve())))
  return (event) => client.increment(event)
}

/** statsd-client, which gathers counts by itself. */
export async function statsdClient(context: CellContext): Promise<Count> {
  const { default: StatsdClient } = await import('statsd-client')
  const client = new StatsdClient({ host: '127.0.0.1', port: await discardPort(context) })
  context.onClose(() => void client.close())
  return (event) => client.increment(event)
}
