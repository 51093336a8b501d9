// Where SQL is written: a text area with completion beside the cursor.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { SchemaTable } from '../api/types';
import { accept, suggest, type Suggestion, type Word } from './complete';

export interface EditorProps {
  sql: string;
  tables: readonly SchemaTable[];
  change: (sql: string) => void;
  run: () => void;
}

const LIST = 'sql-suggestions';

interface Offer {
  word: Word;
  suggestions: Suggestion[];
  chosen: number;
  line: number;
  column: number;
}

export function Editor({ sql, tables, change, run }: EditorProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const [offer, setOffer] = useState<Offer | null>(null);
  const cursorAfter = useRef<number | null>(null);

  // A controlled text area puts the cursor at its end; it belongs behind what was accepted.
  useEffect(() => {
    if (cursorAfter.current === null || !area.current) return;
    area.current.setSelectionRange(cursorAfter.current, cursorAfter.current);
    cursorAfter.current = null;
  }, [sql]);

  const look = () => {
    const element = area.current;
    if (!element) return;
    const { word, suggestions } = suggest(element.value, element.selectionStart, tables);
    if (suggestions.length === 0) return setOffer(null);
    const lines = element.value.slice(0, word.start).split('\n');
    const line = lines.length;
    setOffer({ word, suggestions, chosen: 0, line, column: lines[line - 1]?.length ?? 0 });
  };

  const take = (index: number) => {
    const text = offer?.suggestions[index]?.text;
    if (!offer || !text || !area.current) return;
    const next = accept(sql, area.current.selectionStart, offer.word, text);
    cursorAfter.current = next.cursor;
    setOffer(null);
    change(next.sql);
    area.current.focus();
  };

  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      setOffer(null);
      run();
    } else if (event.key === ' ' && event.ctrlKey) {
      event.preventDefault();
      look();
    } else if (offer && moveOrTake(event, offer, setOffer, take)) {
      event.preventDefault();
    }
  };

  return (
    <div class="editor">
      <textarea
        ref={area}
        aria-label="SQL"
        aria-autocomplete="list"
        aria-controls={LIST}
        aria-activedescendant={offer ? `${LIST}-${offer.chosen}` : undefined}
        spellcheck={false}
        autocomplete="off"
        rows={8}
        value={sql}
        onInput={(event) => {
          change(event.currentTarget.value);
          look();
        }}
        onKeyDown={onKey}
        onBlur={() => setOffer(null)}
      />
      <ul
        id={LIST}
        class="suggestions"
        role="listbox"
        aria-label="Suggestions"
        hidden={!offer}
        style={place(offer, area.current)}
      >
        {offer?.suggestions.map((each, index) => (
          <li
            key={`${each.kind} ${each.text}`}
            id={`${LIST}-${index}`}
            role="option"
            aria-selected={index === offer.chosen}
            title={each.note}
            // Before the text area loses the focus.
            onMouseDown={(event) => {
              event.preventDefault();
              take(index);
            }}
          >
            <span>{each.text}</span>
            <span class="soft">{each.kind}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

// Below the word: the font has one width, so line and column say where that is.
function place(offer: Offer | null, area: HTMLTextAreaElement | null) {
  if (!offer || !area) return {};
  const left = `calc(${offer.column}ch + 10px - ${area.scrollLeft}px)`;
  const top = `calc(${offer.line} * 1.5em + 10px - ${area.scrollTop}px)`;
  return { left: `min(${left}, 100% - 240px)`, top };
}

function moveOrTake(
  event: KeyboardEvent,
  offer: Offer,
  set: (offer: Offer | null) => void,
  take: (index: number) => void,
): boolean {
  const count = offer.suggestions.length;
  switch (event.key) {
    case 'ArrowDown':
      set({ ...offer, chosen: (offer.chosen + 1) % count });
      return true;
    case 'ArrowUp':
      set({ ...offer, chosen: (offer.chosen + count - 1) % count });
      return true;
    case 'Tab':
    case 'Enter':
      take(offer.chosen);
      return true;
    case 'Escape':
      set(null);
      return true;
    default:
      return false;
  }
}
