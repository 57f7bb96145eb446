// Changing what a catalogue says of an application, and its icon.
import { type FormEvent, useState } from 'react'
import { graphql } from '../../gql'
import type { CatalogueFragment } from '../../gql/graphql'
import { Button } from '../../ui/button'
import { Dialog, DialogFooter, RefusalNote } from '../../ui/dialog'
import { Field, TextArea } from '../../ui/field'
import { labelsOf, textOf } from '../../ui/labels'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import { urlOf } from '../branding/logo'
import { PickFile } from '../branding/pictures'

const SET = graphql(`
  mutation ApplicationCatalogue(
    $name: Name!, $category: String, $homepage: Link, $support: Link, $documentation: Link, $labels: [LabelInput!]
  ) {
    applicationCatalogue(
      name: $name, category: $category, homepage: $homepage, support: $support, documentation: $documentation, labels: $labels
    ) { changed application { ...Catalogue } }
  }
`)

const SET_ICON = graphql(`
  mutation ApplicationSetIcon($name: Name!, $data: String) {
    applicationSetIcon(name: $name, data: $data) { changed application { ...Catalogue } }
  }
`)

export function CatalogueDialog({ application, close }: { application: CatalogueFragment; close: () => void }) {
  const { act, isBusy, error } = useAction(SET)
  const { name } = application
  const [category, setCategory] = useState(application.category)
  const [homepage, setHomepage] = useState(application.homepage ?? '')
  const [support, setSupport] = useState(application.support ?? '')
  const [documentation, setDocumentation] = useState(application.documentation ?? '')
  const [labels, setLabels] = useState(textOf(application.labels))
  const said = labelsOf(labels)
  const link = (text: string) => text.trim() || null
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const links = { homepage: link(homepage), support: link(support), documentation: link(documentation) }
    const answer = await act({ name, category, ...links, labels: said })
    if (!answer) return
    toast(answer.applicationCatalogue.changed ? 'The catalogue says so from now on' : 'It was so already')
    close()
  }
  return (
    <Dialog
      open
      onClose={close}
      title={`What the catalogue says of ${application.displayName}`}
      description="Customers read it, too, where their licenses name the application."
    >
      <IconRow application={application} />
      <form className="form" onSubmit={event => void submit(event)}>
        <Field
          label="Category"
          value={category}
          onChange={event => setCategory(event.target.value)}
          maxLength={60}
          placeholder="Databases"
          autoComplete="off"
        />
        <LinkField label="Homepage" value={homepage} put={setHomepage} placeholder="https://hello.example" />
        <LinkField
          label="Documentation"
          value={documentation}
          put={setDocumentation}
          placeholder="https://docs.hello.example"
        />
        <LinkField
          label="Support"
          value={support}
          put={setSupport}
          placeholder="mailto:help@acme.example"
          hint="A page, or mailto: and an address."
        />
        <TextArea
          label="Labels"
          value={labels}
          onChange={event => setLabels(event.target.value)}
          rows={3}
          spellCheck={false}
          hint="One a line: tier=gold, or a word alone."
        />
        <DialogFooter
          close={close}
          error={error}
          line={commandLine(
            'distr',
            'app',
            'catalogue',
            name,
            '--category',
            category,
            '--homepage',
            homepage,
            '--documentation',
            documentation,
            '--support',
            support,
            ...said.flatMap(({ key, value }) => ['--label', `${key}=${value}`]),
          )}
          isOff={isBusy}
        >
          {isBusy ? 'Saving…' : 'Save'}
        </DialogFooter>
      </form>
    </Dialog>
  )
}

type LinkProps = { label: string; value: string; put: (value: string) => void; placeholder: string; hint?: string }

function LinkField({ label, value, put, placeholder, hint }: LinkProps) {
  return (
    <Field
      label={label}
      value={value}
      onChange={event => put(event.target.value)}
      placeholder={placeholder}
      hint={hint}
      spellCheck={false}
      autoCapitalize="none"
      autoComplete="off"
    />
  )
}

/** At once: a picture is no part of the form. */
function IconRow({ application: { name, icon } }: { application: CatalogueFragment }) {
  const { act, isBusy, error } = useAction(SET_ICON)
  const put = async (data: string | null) => {
    if (await act({ name, data })) toast(data ? 'The icon is set' : 'The icon is removed')
  }
  return (
    <div className="picture-row">
      <span className="picture-shown">{icon ? <img src={urlOf(icon)} alt="The icon" /> : 'no icon'}</span>
      <span className="actions">
        <PickFile what="the icon" put={put} isBusy={isBusy} />
        {icon ? (
          <Button kind="quiet" onClick={() => void put(null)} disabled={isBusy}>
            Remove the icon
          </Button>
        ) : null}
      </span>
      <RefusalNote error={error} />
    </div>
  )
}
