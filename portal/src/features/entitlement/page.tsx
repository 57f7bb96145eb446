// Whether a customer may pull an artifact, by which license, and else why not: decided as the registry decides it, and not recorded.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { CircleCheck, CircleX } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { graphql } from '../../gql'
import type { EntitlementCheckQuery } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { To, usePlaces } from '../../shell/places'
import { Button } from '../../ui/button'
import { Copy, SameInCli } from '../../ui/copy'
import { Field } from '../../ui/field'
import { Page } from '../../ui/page'
import { Failed, Loading } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { CustomerChoice } from '../customer/choice'
import { useWhoIsThere } from '../session/viewer'
import { type Asked, nameOf } from './address'
import './entitlement.css'

const CHECK = graphql(`
  query EntitlementCheck($customer: Name, $repository: RepositoryName!, $reference: String!, $asOf: Moment) {
    entitlement(customer: $customer, repository: $repository, reference: $reference, asOf: $asOf) {
      isAllowed license code reason digest
    }
  }
`)

export default function EntitlementPage() {
  const { viewer } = useWhoIsThere()
  const places = usePlaces()
  const asked = useSearch({ strict: false }) as Asked
  return (
    <Page title="May it be pulled?" section="Licenses" crumbs={<To place={places.licenses}>Licenses</To>}>
      <p className="lead">
        The hub decides as the registry would. Nothing is pulled, and nothing is recorded.
        {viewer.customer ? null : ' Look back to a moment, and it decides as it would have then.'}
      </p>
      <Question key={JSON.stringify(asked)} asked={asked} />
      <Answer asked={asked} />
    </Page>
  )
}

function Question({ asked }: { asked: Asked }) {
  const { viewer } = useWhoIsThere()
  const navigate = useNavigate()
  const [customer, setCustomer] = useState(asked.customer ?? '')
  const [repository, setRepository] = useState(asked.repository ?? '')
  const [reference, setReference] = useState(asked.reference ?? '')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const search: Asked = { repository: repository.trim(), reference: reference.trim() }
    if (!viewer.customer) search.customer = customer
    void navigate({ to: '.', search: search as never })
  }
  return (
    <form className="question" onSubmit={submit}>
      {viewer.customer ? null : <CustomerChoice value={customer} choose={setCustomer} />}
      <Field
        label="Repository"
        value={repository}
        onChange={event => setRepository(event.target.value)}
        required
        autoCapitalize="none"
        spellCheck={false}
        placeholder="hello"
      />
      <Field
        label="Tag or digest"
        value={reference}
        onChange={event => setReference(event.target.value)}
        required
        autoCapitalize="none"
        spellCheck={false}
        placeholder="1.0.0 or sha256:…"
      />
      <Button kind="primary" type="submit">
        Check
      </Button>
    </form>
  )
}

function Answer({ asked }: { asked: Asked }) {
  const { viewer } = useWhoIsThere()
  const { repository, reference } = asked
  const customer = viewer.customer?.name ?? asked.customer
  const isAsked = Boolean(repository && reference && customer)
  const variables = { customer: customer ?? null, repository: repository ?? '', reference: reference ?? '' }
  const { data, error, isLoading, again } = useLive(CHECK, variables, !isAsked)
  if (!isAsked) return null
  const name = nameOf(variables.repository, variables.reference)
  const line = commandLine('distr', 'entitlement', 'check', name, ...(viewer.customer ? [] : ['--customer', customer]))
  return (
    <section aria-label="Answer" aria-live="polite">
      {error && !data ? <Failed error={error} again={again} /> : null}
      {isLoading ? <Loading what="the decision" rows={2} /> : null}
      {data ? <Decision of={data.entitlement} name={name} customer={customer ?? ''} /> : null}
      <SameInCli line={line} looksBack />
    </section>
  )
}

type Props = { of: EntitlementCheckQuery['entitlement']; name: string; customer: string }

function Decision({ of: { isAllowed, license, code, reason, digest }, name, customer }: Props) {
  const places = usePlaces()
  const Icon = isAllowed ? CircleCheck : CircleX
  return (
    <div className={isAllowed ? 'decision is-allowed' : 'decision is-refused'}>
      <Icon size={18} aria-hidden="true" />
      <div>
        <p>
          <strong>
            {customer} {isAllowed ? 'may pull' : 'may not pull'} {name}
          </strong>
        </p>
        <p>
          {license ? (
            <>
              By the license <To place={places.license(customer, license)}>{license}</To>.
            </>
          ) : (
            `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`
          )}
        </p>
        {code ? (
          <p className="small muted">
            code <code>{code}</code>
          </p>
        ) : null}
        {digest ? (
          <p className="digest">
            <code className="long">{digest}</code>
            <Copy text={digest} what="the digest" />
          </p>
        ) : null}
      </div>
    </div>
  )
}
