// How customers see the vendor: chosen here, and shown before it is saved, in both themes and with the contrasts that were measured.
import { type FormEvent, useState } from 'react'
import { graphql } from '../../gql'
import type { BrandingPageQuery } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { Allowed, Button } from '../../ui/button'
import { SameInCli } from '../../ui/copy'
import { RefusalNote } from '../../ui/dialog'
import { Field, TextArea } from '../../ui/field'
import { Page, Panel } from '../../ui/page'
import { Failed, Loading } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import { useRested } from '../../ui/use-rested'
import { useMay, useWhoIsThere } from '../session/viewer'
import { ColourField, isColour } from './colour'
import { Contrasts } from './contrasts'
import { Pictures } from './pictures'
import { Preview } from './preview'

export const ACCENT = graphql(`
  fragment AccentColours on Accent { text textContrast fill fillContrast on onContrast soft isMoved }
`)

const BRANDING = graphql(`
  query BrandingPage {
    organization {
      id name displayName
      branding {
        accent accentDark support homeText
        logo { digest path bytes } logoDark { digest path bytes } favicon { digest path bytes }
      }
    }
  }
`)

const PREVIEW = graphql(`
  query AccentPreview($accent: Colour, $accentDark: Colour) {
    accents(accent: $accent, accentDark: $accentDark) { light { ...AccentColours } dark { ...AccentColours } }
  }
`)

const SET = graphql(`
  mutation BrandingSet($accent: Colour, $accentDark: Colour, $support: Link, $homeText: String) {
    brandingSet(accent: $accent, accentDark: $accentDark, support: $support, homeText: $homeText) {
      changed branding { accent accentDark support homeText }
    }
  }
`)

export type Branding = BrandingPageQuery['organization']['branding']
type Words = { accent: string; accentDark: string; support: string; homeText: string }

export function BrandingPage() {
  const { viewer } = useWhoIsThere()
  const { data, error, isLoading, again } = useLive(BRANDING, {})
  return (
    <Page title="Branding" aside={<span className="total">how customers see {viewer.organization.displayName}</span>}>
      {error && !data ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the branding" /> : null}
      {data ? <Editor branding={data.organization.branding} again={again} /> : null}
    </Page>
  )
}

function Editor({ branding, again }: { branding: Branding; again: () => void }) {
  const { hub, viewer } = useWhoIsThere()
  const [words, setWords] = useState<Words>(() => wordsOf(branding))
  const accent = useRested(words.accent)
  const accentDark = useRested(words.accentDark)
  const preview = useLive(PREVIEW, { accent: colourOf(accent), accentDark: colourOf(accentDark) })
  const accents = preview.data?.accents
  return (
    <>
      <div className="branding">
        <div>
          <Choices branding={branding} words={words} put={setWords} again={again} />
          <Pictures branding={branding} again={again} />
        </div>
        <div>
          <Panel title="What customers see">
            {preview.error && !accents ? <Failed error={preview.error} again={preview.again} /> : null}
            {accents ? (
              <div className="previews">
                <Preview theme="light" accent={accents.light} branding={branding} words={words} />
                <Preview theme="dark" accent={accents.dark} branding={branding} words={words} />
              </div>
            ) : null}
          </Panel>
          {accents ? (
            <Panel title="Contrast">
              <Contrasts accents={accents} />
            </Panel>
          ) : null}
        </div>
      </div>
      <p className="hint">
        Customers find their portal at{' '}
        <code>
          {hub.publicUrl}/p/{viewer.organization.name}
        </code>
        , and at a host of its own once the hub’s operator gives it one.
      </p>
      <SameInCli line="distr branding show" />
    </>
  )
}

type ChoicesProps = { branding: Branding; words: Words; put: (words: Words) => void; again: () => void }

function Choices({ branding, words, put, again }: ChoicesProps) {
  const { act, isBusy, error } = useAction(SET)
  const mayManage = useMay('MANAGE_ORGANIZATION')
  const { accent, accentDark, support, homeText } = words
  const isWrong = [accent, accentDark].some(text => text !== '' && !isColour(text))
  const isSame = JSON.stringify(words) === JSON.stringify(wordsOf(branding))
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const variables = { accent: colourOf(accent), accentDark: colourOf(accentDark), support: support.trim() || null }
    const answer = await act({ ...variables, homeText })
    if (!answer) return
    put(wordsOf(answer.brandingSet.branding))
    toast(answer.brandingSet.changed ? 'Customers see it from their next page on' : 'It was so already')
    again()
  }
  return (
    <Panel title="Colours and words">
      <form className="form" onSubmit={event => void submit(event)}>
        <ColourField label="Accent" value={accent} put={accent => put({ ...words, accent })} own="#1f5fbf" />
        <ColourField
          label="Accent on dark pages"
          value={accentDark}
          put={accentDark => put({ ...words, accentDark })}
          own={isColour(accent) ? accent : '#7fb0ff'}
          hint="The accent itself, if empty."
        />
        <Field
          label="Support"
          value={support}
          onChange={event => put({ ...words, support: event.target.value })}
          placeholder="https://support.acme.example"
          spellCheck={false}
          autoCapitalize="none"
          hint="Where customers find help: a page, or mailto: and an address."
        />
        <TextArea
          label="Text on the customers’ home"
          value={homeText}
          onChange={event => put({ ...words, homeText: event.target.value })}
          rows={6}
          maxLength={4000}
          hint="Below what needs doing. # Heading, - item, **bold**, *italic*, `code`, [link](https://…)."
        />
        <RefusalNote error={error} />
        <SameInCli line={lineOf(words)} />
        <div className="actions">
          <Allowed may={mayManage} needs="the role owner">
            <Button kind="primary" type="submit" disabled={isBusy || isWrong || isSame}>
              {isBusy ? 'Saving…' : 'Save'}
            </Button>
            <Button kind="quiet" onClick={() => put(wordsOf(branding))} disabled={isSame}>
              Undo
            </Button>
          </Allowed>
        </div>
      </form>
    </Panel>
  )
}

function wordsOf({ accent, accentDark, support, homeText }: Pick<Branding, keyof Words>): Words {
  return { accent: accent ?? '', accentDark: accentDark ?? '', support: support ?? '', homeText }
}

const colourOf = (text: string) => (isColour(text) ? text.trim() : null)

function lineOf({ accent, accentDark, support, homeText }: Words): string {
  const dark = accentDark === '' ? [] : ['--accent-dark', accentDark]
  const text = homeText === '' ? [] : ['--home-text', homeText]
  return commandLine('distr', 'branding', 'set', '--accent', accent, ...dark, '--support', support, ...text)
}
