import { describe, expect, test } from 'vitest'
import { blocks, inline } from './prose-parts'

describe('blocks', () => {
  test('paragraphs, headings and lists are told apart', () => {
    expect(blocks('# Welcome\n\nWe are\nglad.\n\n- one\n- two\n* three\n\nAfter.')).toEqual([
      { kind: 'heading', text: 'Welcome' },
      { kind: 'paragraph', text: 'We are glad.' },
      { kind: 'list', items: ['one', 'two', 'three'] },
      { kind: 'paragraph', text: 'After.' },
    ])
  })
  test('what is no mark stays text', () => {
    expect(blocks('#no heading\n-no item\n<b>bold</b>')).toEqual([
      { kind: 'paragraph', text: '#no heading -no item <b>bold</b>' },
    ])
    expect(blocks('\n \n')).toEqual([])
  })
})

describe('inline', () => {
  test('marks are read where they are closed', () => {
    expect(inline('**Bold**, *soft*, `a*b*` and 2 * 3 * 4')).toEqual([
      { kind: 'strong', text: 'Bold' },
      { kind: 'text', text: ', ' },
      { kind: 'em', text: 'soft' },
      { kind: 'text', text: ', ' },
      { kind: 'code', text: 'a*b*' },
      { kind: 'text', text: ' and 2 * 3 * 4' },
    ])
  })
  test('links lead to the web and to mail, and nowhere else', () => {
    expect(inline('see [the docs](https://a.example/x) or <https://b.example>')).toEqual([
      { kind: 'text', text: 'see ' },
      { kind: 'link', text: 'the docs', to: 'https://a.example/x' },
      { kind: 'text', text: ' or <' },
      { kind: 'link', text: 'https://b.example', to: 'https://b.example' },
      { kind: 'text', text: '>' },
    ])
    for (const bad of [
      'javascript:alert(1)',
      'data:text/html,y',
      '//evil.example',
      'JAVASCRIPT:a',
      ' https://a.example',
    ]) {
      expect(inline(`[x](${bad})`).some(part => part.kind === 'link' && part.text === 'x')).toBe(false)
    }
    expect(inline('[write](mailto:help@acme.example)')).toEqual([
      { kind: 'link', text: 'write', to: 'mailto:help@acme.example' },
    ])
  })
  test('a point at the end is no part of a link', () => {
    expect(inline('https://a.example/x.')).toEqual([
      { kind: 'link', text: 'https://a.example/x', to: 'https://a.example/x' },
      { kind: 'text', text: '.' },
    ])
  })
})
