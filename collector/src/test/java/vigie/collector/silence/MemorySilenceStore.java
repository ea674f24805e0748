package vigie.collector.silence;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Silences that a restart forgets. */
public final class MemorySilenceStore implements SilenceStore {
  private final Map<String, Silence> all = new LinkedHashMap<>();

  @Override
  public synchronized List<Silence> load() {
    return List.copyOf(all.values());
  }

  @Override
  public synchronized void save(Collection<Silence> silences) {
    silences.forEach(each -> all.put(each.id(), each));
  }

  @Override
  public synchronized void remove(Collection<String> ids) {
    all.keySet().removeAll(ids);
  }
}
