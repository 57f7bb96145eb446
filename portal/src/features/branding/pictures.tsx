// Pictures that are chosen, sent as they are, and checked by the hub.
import { type ChangeEvent, useRef, useState } from 'react'
import { graphql } from '../../gql'
import type { BrandingImage } from '../../gql/graphql'
import { Allowed, Button } from '../../ui/button'
import { bytesWords } from '../../ui/bytes'
import { SameInCli } from '../../ui/copy'
import { RefusalNote } from '../../ui/dialog'
import { Panel } from '../../ui/page'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import { useMay } from '../session/viewer'
import { urlOf } from './logo'
import type { Branding } from './page'
import { base64Of, MOST_BYTES } from './picture'

const SET = graphql(`
  mutation BrandingSetImage($image: BrandingImage!, $data: String) {
    brandingSetImage(image: $image, data: $data) { changed }
  }
`)

type Picture = Branding['logo']
const KINDS: [BrandingImage, keyof Branding, string, string][] = [
  ['LOGO', 'logo', 'Logo', 'beside your name, 24 pixels high'],
  ['LOGO_DARK', 'logoDark', 'Logo on dark pages', 'the logo itself, if there is none'],
  ['FAVICON', 'favicon', 'Icon in the browser', 'square; beside the title of the page'],
]

export function Pictures({ branding, again }: { branding: Branding; again: () => void }) {
  return (
    <Panel title="Pictures" aside={<span className="muted">PNG, WebP or SVG without text, up to 128 KiB</span>}>
      {KINDS.map(([image, field, name, hint]) => (
        <PictureRow key={image} image={image} name={name} hint={hint} of={branding[field] as Picture} again={again} />
      ))}
      <SameInCli line={commandLine('distr', 'branding', 'image', 'logo', 'logo.svg')} />
    </Panel>
  )
}

type Props = { image: BrandingImage; name: string; hint: string; of: Picture; again: () => void }

function PictureRow({ image, name, hint, of, again }: Props) {
  const { act, isBusy, error } = useAction(SET)
  const mayManage = useMay('MANAGE_ORGANIZATION')
  const put = async (data: string | null) => {
    if (!(await act({ image, data }))) return
    toast(data ? `${name}: set` : `${name}: removed`)
    again()
  }
  return (
    <div className="picture-row">
      <span className={image === 'LOGO_DARK' ? 'picture-shown is-apart is-dark' : 'picture-shown'}>
        {of ? <img src={urlOf(of)} alt={name} /> : 'none'}
      </span>
      <div className="picture-words">
        <strong>{name}</strong>
        <p className="hint">{of ? bytesWords(of.bytes) : hint}</p>
      </div>
      <span className="actions">
        <Allowed may={mayManage} needs="the role owner">
          <PickFile what={name} put={put} isBusy={isBusy} />
          {of ? (
            <Button kind="quiet" onClick={() => void put(null)} disabled={isBusy}>
              Remove
              <span className="unseen"> {name}</span>
            </Button>
          ) : null}
        </Allowed>
      </span>
      <RefusalNote error={error} />
    </div>
  )
}

/** A file of this computer, in base64. One that is too large is told so before it is sent. */
export function PickFile({
  what,
  put,
  isBusy,
}: {
  what: string
  put: (data: string) => Promise<void>
  isBusy: boolean
}) {
  const input = useRef<HTMLInputElement>(null)
  const [tooLarge, setTooLarge] = useState<number>()
  const pick = async (event: ChangeEvent<HTMLInputElement>) => {
    const [file] = event.target.files ?? []
    event.target.value = ''
    setTooLarge(file && file.size > MOST_BYTES ? file.size : undefined)
    if (file && file.size <= MOST_BYTES) await put(base64Of(new Uint8Array(await file.arrayBuffer())))
  }
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        accept="image/png,image/webp,image/svg+xml"
        aria-label={what}
        onChange={event => void pick(event)}
      />
      <Button onClick={() => input.current?.click()} disabled={isBusy}>
        Choose…<span className="unseen"> {what}</span>
      </Button>
      {tooLarge ? (
        <span className="hint" role="alert">
          {bytesWords(tooLarge)}; at most {bytesWords(MOST_BYTES)}
        </span>
      ) : null}
    </>
  )
}
