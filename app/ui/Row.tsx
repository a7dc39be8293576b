// A control in a line with its label and a word of explanation.

interface RowProps {
  /** Of the option that it sets, for tests. */
  name?: string;
  label: string;
  help?: string;
  children: React.ReactNode;
}

export function Row({ name, label, help, children }: RowProps) {
  return (
    <div className="row" data-option={name}>
      <span className="label">{label}</span>
      {children}
      {help !== undefined && <span className="small muted">{help}</span>}
    </div>
  );
}
