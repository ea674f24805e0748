package vigie.agent.source;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Files that were read and may come again under another name, as a glob that also names rotated
 * files makes them. The newest thousand; one thread.
 */
final class KnownFiles {
  private static final int MOST = 1000;
  private final Set<String> files = new LinkedHashSet<>();

  void add(FileIdentity file) {
    files.remove(key(file));
    files.add(key(file));
    if (files.size() > MOST) {
      Iterator<String> eldest = files.iterator();
      eldest.next();
      eldest.remove();
    }
  }

  boolean contains(FileIdentity file) {
    return files.contains(key(file));
  }

  private static String key(FileIdentity file) {
    return file.inode() + " " + file.headLength() + " " + file.headCrc();
  }
}
