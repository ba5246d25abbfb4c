// The engine's sentences: what is between backticks is code.
import type { JSX } from 'preact'

export const Words = ({ text }: { text: string }): JSX.Element => (
  <>{text.split('`').map((part, number) => (number % 2 === 1 ? <code key={number}>{part}</code> : part))}</>
)
