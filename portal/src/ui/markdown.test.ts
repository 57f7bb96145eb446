import { expect, test } from 'vitest'
import { textOfBlock } from './blocks-parts'
import { written } from './markdown'

test('notes are paragraphs, lists, tables, code and quotes', () => {
  const text =
    '# New\n\nIt is *fast*, see [why](https://a.example/x).\n\n- one\n- two\n\n> said\n\n```sh\nls\n```\n\n| a |\n|---|\n| 1 |\n'
  expect(written(text).map(({ kind }) => kind)).toEqual(['heading', 'paragraph', 'list', 'quote', 'code', 'table'])
  expect(written(text)[1]).toEqual({
    kind: 'paragraph',
    parts: [
      'It is ',
      { kind: 'em', parts: ['fast'] },
      ', see ',
      { kind: 'link', to: 'https://a.example/x', isOutward: true, parts: ['why'] },
      '.',
    ],
  })
})

test('HTML is the text that it was written as', () => {
  expect(written('<script>alert(1)</script>').map(textOfBlock)).toEqual(['<script>alert(1)</script>'])
  expect(written('a <img src=x onerror=alert(1)> b').map(textOfBlock)).toEqual(['a <img src=x onerror=alert(1)> b'])
})

test('a picture is a link, and a link that is no address of the web is words', () => {
  expect(written('![a plan](https://a.example/p.png)')).toEqual([
    {
      kind: 'paragraph',
      parts: [{ kind: 'link', to: 'https://a.example/p.png', isOutward: true, parts: ['a plan'] }],
    },
  ])
  for (const to of [
    'javascript:alert(1)',
    ' JaVaScRiPt:alert(1)',
    'data:text/html,x',
    '/v/acme',
    '//a.example/x',
    'vbscript:x',
  ]) {
    expect(written(`[here](<${to}>)`), to).toEqual([{ kind: 'paragraph', parts: ['here'] }])
  }
})

test('what nobody means to read does no harm', () => {
  expect(() => written('>'.repeat(2_000))).not.toThrow()
  expect(() => written('*'.repeat(20_000))).not.toThrow()
  expect(() => written('['.repeat(5_000))).not.toThrow()
})
