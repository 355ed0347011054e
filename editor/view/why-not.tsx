// Why there is no picture: the cause and the next step, never a blank page.

export interface Reason {
  problem: string;
  fix?: string;
}

/** @param purpose what the page is for */
export function WhyNot({ problem, fix, purpose = 'paint' }: Reason & { purpose?: string }) {
  return (
    <div class="welcome" role="alert">
      <h2>This page cannot {purpose} here</h2>
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
