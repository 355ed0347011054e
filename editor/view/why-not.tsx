// Why there is no picture: the cause and the next step, never a blank page.

export interface Reason {
  problem: string;
  fix?: string;
}

export function WhyNot({ problem, fix }: Reason) {
  return (
    <div class="welcome" role="alert">
      <h2>This page cannot paint here</h2>
      <p>{problem}.</p>
      {fix && (
        <p>
          <strong>What helps:</strong> {fix}.
        </p>
      )}
      <ul class="quiet">
        <li>Secure connection: {isSecureContext ? 'yes' : 'no'}</li>
        <li>WebGPU: {navigator.gpu ? 'yes' : 'no'}</li>
        <li>{navigator.userAgent}</li>
      </ul>
      <button type="button" onClick={() => location.reload()}>
        Try again
      </button>
    </div>
  );
}
