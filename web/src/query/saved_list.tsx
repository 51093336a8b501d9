import { useState } from 'preact/hooks';
import { forget, save, savedQueries } from './saved';

export function SavedList({ sql, open }: { sql: string; open: (sql: string) => void }) {
  const [queries, setQueries] = useState(savedQueries);
  const [name, setName] = useState('');
  const [problem, setProblem] = useState('');
  const keep = (event: Event) => {
    event.preventDefault();
    if (name.trim() === '') return;
    setProblem(save({ name: name.trim(), sql }) ? '' : 'This browser keeps no more queries.');
    setQueries(savedQueries());
    setName('');
  };
  return (
    <section aria-label="Saved queries">
      <h2>Saved queries</h2>
      <form class="save" onSubmit={keep}>
        <input
          aria-label="Name for this query"
          placeholder="Name"
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <button type="submit">Save</button>
      </form>
      {problem && <p class="bad">{problem}</p>}
      <ul class="saved">
        {queries.map((query) => (
          <li key={query.name}>
            <button type="button" class="link" title={query.sql} onClick={() => open(query.sql)}>
              {query.name}
            </button>
            <button
              type="button"
              class="close"
              aria-label={`Forget ${query.name}`}
              onClick={() => {
                forget(query.name);
                setQueries(savedQueries());
              }}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
