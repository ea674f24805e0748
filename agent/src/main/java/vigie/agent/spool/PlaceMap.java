package vigie.agent.spool;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.event.Place;

/**
 * The newest place of each source, as much as each segment can carry on; what goes first is what
 * was not heard of for longest. Guarded by the spool.
 */
final class PlaceMap {
  private static final Logger log = LoggerFactory.getLogger(PlaceMap.class);
  private final int mostBytes;
  private final LinkedHashMap<String, Place> places = new LinkedHashMap<>();
  private int bytes;
  private boolean told;

  PlaceMap(int mostBytes) {
    this.mostBytes = mostBytes;
  }

  void put(Place place) {
    remove(place.source());
    places.put(place.source(), place);
    bytes += SpoolFormat.bytes(place);
    Iterator<Place> oldest = places.values().iterator();
    while (bytes > mostBytes) {
      Place forgotten = oldest.next();
      oldest.remove();
      bytes -= SpoolFormat.bytes(forgotten);
      if (!told) {
        told = true;
        log.warn(
            "the spool forgets how far the least used sources were read, there are too many source={}",
            forgotten.source());
      }
    }
  }

  /** As many of them as there is room for, from the last one on. */
  List<Place> fitting(List<Place> all) {
    int first = all.size();
    for (int left = mostBytes; first > 0; first--) {
      left -= SpoolFormat.bytes(all.get(first - 1));
      if (left < 0) {
        break;
      }
    }
    return all.subList(first, all.size());
  }

  private void remove(String source) {
    Place before = places.remove(source);
    if (before != null) {
      bytes -= SpoolFormat.bytes(before);
    }
  }

  @Nullable String cursor(String source) {
    Place place = places.get(source);
    return place == null ? null : place.cursor();
  }

  /** All of them with {@code newer} over them; the last of a source counts. */
  Collection<Place> with(List<Place> newer) {
    Map<String, Place> all = new LinkedHashMap<>(places);
    newer.forEach(place -> all.put(place.source(), place));
    return new ArrayList<>(all.values());
  }
}
