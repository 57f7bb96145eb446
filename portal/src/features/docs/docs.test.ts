import { describe, expect, test } from 'vitest'
import { chaptersOf, type Side } from '../../../build/docs'
import { parse } from '../../../build/markdown'
import { commandsOf } from '../../ui/commands'
import { CUSTOMERS_HELP, helpOf, VENDORS_HELP } from './help'
import { searchDocs, sectionsOf } from './search'

const none = () => undefined

describe('Markdown', () => {
  test('becomes parts, and headings get the names that links know', () => {
    const text =
      '# A *page*\n\nOne\nline with `code` and **[a link](x.md)**.\n\n## What it is\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n'
    expect(parse(text, () => ({ to: 'x', isOutward: false }))).toEqual([
      { kind: 'heading', level: 1, id: 'a-page', parts: ['A ', { kind: 'em', parts: ['page'] }] },
      {
        kind: 'paragraph',
        parts: [
          'One line with ',
          { kind: 'code', text: 'code' },
          ' and ',
          { kind: 'strong', parts: [{ kind: 'link', to: 'x', isOutward: false, parts: ['a link'] }] },
          '.',
        ],
      },
      { kind: 'heading', level: 2, id: 'what-it-is', parts: ['What it is'] },
      {
        kind: 'list',
        isOrdered: false,
        items: [[{ kind: 'paragraph', parts: ['one'] }], [{ kind: 'paragraph', parts: ['two'] }]],
      },
      { kind: 'table', head: [['a'], ['b']], rows: [[['1'], ['2']]] },
    ])
  })
  test('a heading that comes twice has a number the second time', () => {
    const ids = parse('## Keep it\n## Keep it\n', none).map(block => block.kind === 'heading' && block.id)
    expect(ids).toEqual(['keep-it', 'keep-it-1'])
  })
  test('letters stay as they are, and HTML is no part of the documentation', () => {
    expect(parse('a < b & c "d" `<b>`', none)).toEqual([
      { kind: 'paragraph', parts: ['a < b & c "d" ', { kind: 'code', text: '<b>' }] },
    ])
    expect(() => parse('<script>alert(1)</script>', none)).toThrow('html')
    expect(() => parse('a <b>b</b>', none)).toThrow('html')
    expect(() => parse('![picture](x.png)', none)).toThrow('image')
  })
  test('a link that leads nowhere stays words', () => {
    expect(parse('[the code](../src/main.rs)', none)).toEqual([{ kind: 'paragraph', parts: ['the code'] }])
  })
})

describe.each(['vendor', 'customer'] as Side[])('the documentation for a %s', side => {
  const chapters = chaptersOf(side)
  const pages = chapters.flatMap(({ pages }) => pages)
  const help = side === 'vendor' ? VENDORS_HELP : CUSTOMERS_HELP

  test('every page begins with its title and has words', () => {
    for (const { name, blocks } of pages) {
      expect([name, blocks[0]?.kind, blocks.filter(block => block.kind === 'heading' && block.level === 1)]).toEqual([
        name,
        'heading',
        blocks.slice(0, 1),
      ])
      expect(blocks.length, name).toBeGreaterThan(5)
    }
  })
  test('every room is explained in a page and a section that are there', () => {
    for (const place of Object.values(help)) {
      const [name, section] = place.split('#')
      const page = pages.find(page => page.name === name)
      expect(page, place).toBeDefined()
      if (section) {
        expect(
          page?.blocks.some(block => block.kind === 'heading' && block.id === section),
          place,
        ).toBe(true)
      }
    }
  })
  test('a search finds sections that have all the words, those with one in the title first', () => {
    const sections = sectionsOf(pages)
    const [first] = searchDocs(sections, 'license seat')
    expect(first?.text.toLowerCase()).toContain('seat')
    expect(searchDocs(sections, 'held deployment')[0]?.title).toBe('A deployment is held')
    expect(searchDocs(sections, 'nothing-has-this-word')).toEqual([])
    expect(searchDocs(sections, '  ')).toEqual([])
  })
})

test('customers are shown chapters of theirs alone', () => {
  const names = chaptersOf('customer').flatMap(({ pages }) => pages.map(({ name }) => name))
  expect(names).toContain('start-customer')
  for (const name of ['start-vendor', 'operations', 'analytics', 'start-operator', 'start-auditor']) {
    expect(names).not.toContain(name)
  }
})

test('help goes by the end of an address, then by its beginning', () => {
  expect(helpOf(VENDORS_HELP, '/apps/hello/publish')).toBe('releases')
  expect(helpOf(VENDORS_HELP, '/targets/globex/factory')).toBe('concepts#targets-and-agents')
  expect(helpOf(VENDORS_HELP, '')).toBe('concepts')
  expect(helpOf(VENDORS_HELP, '/nothing')).toBeUndefined()
})

test('what is typed is without prompts and answers', () => {
  expect(commandsOf('$ distr apply -f a.yaml\nplanned\n$ distr one \\\n    --two\ndone\n# distr-hub serve')).toBe(
    'distr apply -f a.yaml\ndistr one \\\n    --two\ndistr-hub serve',
  )
  expect(commandsOf('DISTR_LISTEN=x')).toBe('')
})
