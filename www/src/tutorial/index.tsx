// The tutorial's panel: the step, its goals as the engine judges them after each change, and the way on.
import { effect, signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ask, report, revision } from '../store/engine'
import { lesson, lessonsDone } from '../store/state'
import { Words } from '../views/words'
import { begin, leave, showSolution } from './lesson'
import { type Goal, steps } from './steps'
import './tutorial.css'

/** For each goal of the step that is open, what the engine says. */
const verdicts = signal<{ step: number; said: string[] }>({ step: -1, said: [] })

function judge(): () => void {
  return effect(() => {
    const step = lesson.value
    const goals = steps[step ?? -1]?.goals
    if (revision.value === 0 || step === null || goals === undefined) return
    Promise.all(goals.map(({ flow }) => ask<unknown>('verdict', [flow]))).then(said => {
      verdicts.value = { step, said: said.map(one => (typeof one === 'string' ? one : 'unknown')) }
      const isRight = goals.every(({ wanted }, number) => said[number] === wanted)
      if (isRight && !lessonsDone.peek().includes(step)) lessonsDone.value = [...lessonsDone.peek(), step].sort((a, b) => a - b)
    }, report)
  })
}

function GoalItem({ goal, said }: { goal: Goal; said: string | undefined }): JSX.Element {
  const isMet = said === goal.wanted
  return (
    <li class={isMet ? 'met' : 'unmet'}>
      <span class="goal-sign" aria-hidden="true">{isMet ? '✓' : '○'}</span>
      <span><span class="hidden">{isMet ? 'met: ' : 'not met: '}</span>{goal.words} <code>{goal.flow}</code></span>
    </li>
  )
}

export default function Tutorial(): JSX.Element | null {
  const [hinted, setHinted] = useState(-1)
  const heading = useRef<HTMLHeadingElement>(null)
  const number = lesson.value ?? 0
  const step = steps[number]
  useEffect(judge, [])
  useEffect(() => { heading.current?.focus({ preventScroll: true }) }, [number])
  if (step === undefined) return null
  const said = verdicts.value.step === number ? verdicts.value.said : []
  const isRight = said.length > 0 && step.goals.every(({ wanted }, at) => said[at] === wanted)
  const isLast = number === steps.length - 1
  return (
    <section class="tutorial" aria-label="Tutorial">
      <nav class="tutorial-steps" aria-label="Steps">
        <ol>
          {steps.map(({ title }, at) => (
            <li key={title}>
              <button type="button" aria-current={at === number ? 'step' : undefined} title={title} onClick={() => { begin(at) }}>
                <span class="hidden">Step </span>{at + 1}<span class="hidden">: {title}{lessonsDone.value.includes(at) ? ', done' : ''}</span>
                {lessonsDone.value.includes(at) && <span aria-hidden="true" class="tick">✓</span>}
              </button>
            </li>
          ))}
        </ol>
      </nav>
      <div class="tutorial-text">
        <h2 tabIndex={-1} ref={heading}>{step.title}</h2>
        {step.text.map(text => <p key={text}><Words text={text} /></p>)}
        {hinted === number && <p class="hint" role="status">{step.hint}</p>}
      </div>
      <div class="tutorial-goals">
        <h3>It is right when</h3>
        <ul>{step.goals.map((goal, at) => <GoalItem key={goal.flow} goal={goal} said={said[at]} />)}</ul>
        <p class="told-right" role="status">{isRight && (isLast ? 'That was the last step. You know what surprises most people.' : 'That is right.')}</p>
        <div class="tutorial-actions">
          {isRight && !isLast && <button type="button" class="primary" onClick={() => { begin(number + 1) }}>Next step</button>}
          {!isRight && hinted !== number && <button type="button" onClick={() => { setHinted(number) }}>Hint</button>}
          {!isRight && hinted === number && <button type="button" onClick={showSolution}>Show a solution</button>}
          <button type="button" class="quiet" onClick={() => { begin(number) }}>Start over</button>
          <button type="button" class="quiet" onClick={leave}>Leave</button>
        </div>
      </div>
    </section>
  )
}
