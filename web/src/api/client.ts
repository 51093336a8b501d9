// Requests to the API. Every failure is an ApiError with what the server said.

export class ApiError extends Error {
  constructor(
    readonly status: number, // 0: no answer at all
    readonly title: string,
    readonly detail: string,
    readonly hint: string = '',
  ) {
    super(detail || title);
  }
}

export type Parameters = Record<string, string | number | undefined | null>;

// Relative, so that the page also works below another server's path.
export function address(path: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== null && value !== '') query.set(name, String(value));
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

async function problemOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  try {
    const problem = JSON.parse(text) as { title?: string; detail?: string; hint?: string };
    const title = problem.title ?? response.statusText;
    return new ApiError(response.status, title, problem.detail ?? title, problem.hint ?? '');
  } catch {
    return new ApiError(response.status, response.statusText, text.slice(0, 300));
  }
}

export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'No answer', 'The server does not answer.', 'It may be restarting.');
  }
  if (response.status === 401) location.assign('login');
  if (!response.ok) throw await problemOf(response);
  return response;
}

export async function get<T>(path: string, parameters?: Parameters, signal?: AbortSignal) {
  const response = await send(address(path, parameters), signal ? { signal } : {});
  return (await response.json()) as T;
}

export function post(path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  return send(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

export function problemText(error: unknown): string {
  if (error instanceof ApiError)
    return error.hint ? `${error.message} ${error.hint}` : error.message;
  return error instanceof Error ? error.message : String(error);
}
