import { describe, expect, it } from '@jest/globals'
import { BAD_PATH, NO_PATH, parseLine } from './access-log.ts'

/** A line with this request line. */
const lineOf = (request: string) => `- - - [17/May/2015:10:05:03 +0000] "${request}" 200 203023`

describe('parseLine', () => {
  it('reads status and path of a line whose client fields were removed', () => {
    expect(parseLine(lineOf('GET /presentations/a.png HTTP/1.1'))).toEqual({
      status: '200',
      path: '/presentations/a.png',
    })
  })

  it('reads the Common Log Format', () => {
    const line =
      '192.0.2.7 ident frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 404 -'
    expect(parseLine(line)).toEqual({ status: '404', path: '/apache_pb.gif' })
  })

  it('reads the Combined Log Format, with a client in brackets and a user of two words', () => {
    const line =
      '[2001:db8::1] - J. Doe [10/Oct/2000:13:55:36 -0700] "POST /buy?id=1&n=2 HTTP/2.0" 302 17 "https://example.org/" "Browser/1.0 (\\"quoted\\")"'
    expect(parseLine(line)).toEqual({ status: '302', path: '/buy?id=1&n=2' })
  })

  it('keeps quotes and escapes of a path as they are written', () => {
    expect(parseLine(lineOf('GET /say\\"hi\\" HTTP/1.1'))?.path).toBe('/say\\"hi\\"')
  })

  it('takes the second word of a request as the path, whatever else there is', () => {
    expect(parseLine(lineOf('GET /two words HTTP/1.1'))?.path).toBe('/two')
    expect(parseLine(lineOf('GET  /simple'))?.path).toBe('/simple')
    expect(parseLine(lineOf('OPTIONS * HTTP/1.0'))?.path).toBe('*')
  })

  it.each(['-', '', '\\x16\\x03\\x01'])('counts the request "%s" under "(no path)"', (request) => {
    expect(parseLine(lineOf(request))).toEqual({ status: '200', path: NO_PATH })
  })

  it.each(['GET @admin HTTP/1.1', 'GET /a\u0007b HTTP/1.1', 'GET /a\tb HTTP/1.1'])(
    'counts the request %j, whose path cannot name an event, under "(bad path)"',
    (request) => {
      expect(parseLine(lineOf(request))?.path).toBe(BAD_PATH)
    },
  )

  it.each([
    '',
    'hello',
    '- - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1"',
    '- - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 20 5',
    '- - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 2000 5',
    '- - - [17/May/2015:10:05:03 +0000] "GET / 200 5',
    '{"status": 200, "path": "/"}',
  ])('does not read the line "%s"', (line) => {
    expect(parseLine(line)).toBeUndefined()
  })

  it('reads or refuses a long line of brackets and quotes in little time', () => {
    const startMs = performance.now()
    parseLine('['.repeat(200_000))
    parseLine('[] "'.repeat(200_000))
    expect(performance.now() - startMs).toBeLessThan(1000)
  })
})
