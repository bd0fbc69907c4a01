import { Bug } from 'lucide-react';
import { Component, type ReactNode } from 'react';
import { Button } from './button.tsx';
import { EmptyState } from './empty-state.tsx';

interface State {
  error: Error | undefined;
}

/** Shows what failed in place of a part of the page that threw; `resetKey` changing gives it another chance. */
export class ErrorBoundary extends Component<{ children: ReactNode; resetKey?: string }, State> {
  override state: State = { error: undefined };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  override componentDidUpdate(before: { resetKey?: string }): void {
    if (this.state.error && before.resetKey !== this.props.resetKey) this.setState({ error: undefined });
  }

  override render(): ReactNode {
    if (!this.state.error) return this.props.children;
    return (
      <div role="alert">
        <EmptyState
          icon={<Bug size={20} aria-hidden />}
          title="This page failed"
          tone="danger"
          actions={<Button onClick={() => location.reload()}>Reload</Button>}
        >
          <p>It is a fault of the dashboard; your data is as it was. {this.state.error.message}</p>
        </EmptyState>
      </div>
    );
  }
}
