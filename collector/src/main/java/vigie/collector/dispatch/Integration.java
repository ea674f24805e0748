package vigie.collector.dispatch;

import vigie.base.config.Section;

/** One way out of a receiver, such as a Discord webhook, with its settings. */
public interface Integration {
  /**
   * Whether what was sent is edited when the group changes. Then the first alert of a group is told
   * at once and changes go as edits; otherwise group_wait and group_interval collect first.
   */
  boolean edits();

  /** Reads one member of a {@code …_configs} list, unknown keys included. */
  interface Reader {
    Integration read(Section section);
  }
}
