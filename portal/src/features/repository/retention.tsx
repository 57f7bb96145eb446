// What a repository keeps, and what would go by other rules, before anything does.
import { type FormEvent, useState } from 'react'
import { graphql } from '../../gql'
import type { RetentionInput } from '../../gql/graphql'
import { useLive } from '../../live/use-live'
import { Allowed, Button } from '../../ui/button'
import { Dialog, DialogFooter } from '../../ui/dialog'
import { Field } from '../../ui/field'
import { Panel } from '../../ui/page'
import { Failed, Loading } from '../../ui/page-states'
import { commandLine } from '../../ui/shell-words'
import { toast } from '../../ui/toast'
import { useAction } from '../../ui/use-action'
import { useMay } from '../session/viewer'
import { type Repository, shortDigest } from './queries'

const PLAN = graphql(`
  query RetentionPlan($name: RepositoryName!, $rules: RetentionInput) {
    repository(name: $name) { name retentionPlan(rules: $rules) { tags manifests } }
  }
`)

const SET = graphql(`
  mutation RetentionSet($name: RepositoryName!, $rules: RetentionInput!) {
    repositorySetRetention(name: $name, rules: $rules) { changed }
  }
`)

type Plan = Repository['retentionPlan']

export function Retention({ repository, done }: { repository: Repository; done: () => void }) {
  const [isTrying, setTrying] = useState(false)
  const mayPublish = useMay('PUBLISH')
  const { retention, retentionPlan } = repository
  return (
    <Panel
      title="What it keeps"
      aside={
        <Allowed may={mayPublish} needs="the right to publish">
          <Button onClick={() => setTrying(true)}>Try other rules…</Button>
        </Allowed>
      }
    >
      <p>{retention ? rulesWords(retention) : 'Everything, for ever.'}</p>
      {retention ? <PlanWords plan={retentionPlan} /> : null}
      {isTrying ? <RulesDialog repository={repository} close={() => setTrying(false)} done={done} /> : null}
    </Panel>
  )
}

function rulesWords({ keepLast, keepDays, keepTags, untaggedDays }: NonNullable<Repository['retention']>): string {
  const kept = [
    typeof keepLast === 'number' && `the ${keepLast} tags that moved last`,
    typeof keepDays === 'number' && `tags that moved within ${keepDays} days`,
    keepTags.length > 0 && `tags like ${keepTags.join(', ')}`,
  ].filter(words => words !== false)
  const tags = kept.length > 0 ? `It keeps ${kept.join('; ')}.` : 'It keeps all tags.'
  const untagged =
    typeof untaggedDays === 'number'
      ? `Manifests that nothing leads to go ${untaggedDays} days after their push.`
      : 'Manifests that nothing leads to stay.'
  return `${tags} ${untagged} What a release names stays in any case.`
}

function PlanWords({ plan: { tags, manifests } }: { plan: Plan }) {
  if (tags.length + manifests.length === 0) return <p className="muted">Nothing would go now.</p>
  return (
    <details className="as-table">
      <summary>
        {tags.length.toLocaleString()} tags and {manifests.length.toLocaleString()} manifests would go now
      </summary>
      <ul className="lines">
        {tags.map(tag => (
          <li key={tag}>{tag}</li>
        ))}
        {manifests.map(digest => (
          <li key={digest}>
            <code title={digest}>{shortDigest(digest)}</code>
          </li>
        ))}
      </ul>
    </details>
  )
}

const number = (text: string) => (text.trim() === '' ? null : Number(text))

function RulesDialog({ repository, close, done }: { repository: Repository; close: () => void; done: () => void }) {
  const { name, retention } = repository
  const { act, isBusy, error } = useAction(SET)
  const [last, setLast] = useState(String(retention?.keepLast ?? ''))
  const [days, setDays] = useState(String(retention?.keepDays ?? ''))
  const [patterns, setPatterns] = useState(retention?.keepTags.join(' ') ?? '')
  const [untagged, setUntagged] = useState(String(retention?.untaggedDays ?? ''))
  const keepTags = patterns.split(/[\s,]+/).filter(Boolean)
  const rules: RetentionInput = {
    keepLast: number(last),
    keepDays: number(days),
    keepTags,
    untaggedDays: number(untagged),
  }
  const plan = useLive(PLAN, { name, rules })
  const tried = plan.data?.repository?.retentionPlan
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const answer = await act({ name, rules })
    if (!answer) return
    toast(answer.repositorySetRetention.changed ? `${name} keeps by the new rules` : 'It was so already')
    done()
    close()
  }
  const field = (label: string, value: string, put: (text: string) => void) => (
    <Field label={label} type="number" min={0} max={100000} value={value} onChange={event => put(event.target.value)} />
  )
  return (
    <Dialog
      open
      onClose={close}
      title={`What ${name} keeps`}
      description="A tag stays if one of the rules says so; without a rule about tags all of them stay. The next collection removes the rest."
    >
      <form className="form" onSubmit={event => void submit(event)}>
        {field('Tags that moved last', last, setLast)}
        {field('Tags that moved within days', days, setDays)}
        <Field
          label="Tags like"
          value={patterns}
          onChange={event => setPatterns(event.target.value)}
          placeholder="1.* stable"
          autoCapitalize="none"
          spellCheck={false}
        />
        {field('Days for manifests that nothing leads to', untagged, setUntagged)}
        <div className="tried" aria-live="polite">
          {plan.error ? <Failed error={plan.error} /> : null}
          {plan.isLoading ? <Loading what="what would go" rows={1} /> : null}
          {tried && !plan.error ? <PlanWords plan={tried} /> : null}
        </div>
        <DialogFooter
          close={close}
          error={error}
          line={commandLine(
            'distr',
            'repository',
            'set-retention',
            name,
            ...(last ? ['--keep-last', last] : []),
            ...(days ? ['--keep-days', days] : []),
            ...keepTags.flatMap(pattern => ['--keep', pattern]),
            ...(untagged ? ['--untagged-days', untagged] : []),
          )}
          kind="danger"
          isOff={isBusy || Boolean(plan.error)}
        >
          Set the rules
        </DialogFooter>
      </form>
    </Dialog>
  )
}
