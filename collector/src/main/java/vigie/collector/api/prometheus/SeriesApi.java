package vigie.collector.api.prometheus;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpRequest;
import vigie.base.http.Routes;
import vigie.collector.api.Json;
import vigie.collector.api.prometheus.Answers.BadParameter;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;
import vigie.collector.sample.SampleStore;

/** Series, label names and label values of Prometheus's HTTP API. */
public final class SeriesApi {
  private final SampleStore store;

  public SeriesApi(SampleStore store) {
    this.store = store;
  }

  /** Adds its routes. */
  public void routes(Routes routes) {
    Answers.both(routes, "/api/v1/series", this::series);
    Answers.both(routes, "/api/v1/labels", this::names);
    Answers.get(routes, "/api/v1/label/{name}/values", this::values);
  }

  private HttpAnswer series(HttpRequest request) {
    if (request.parameters("match[]").isEmpty()) {
      throw new BadParameter("no match[] parameter provided");
    }
    int limit = Parameters.limit(request);
    SortedSet<Labels> found;
    try {
      found = matching(request, store::labelSets);
    } catch (BadParameter e) {
      throw String.valueOf(e.getMessage()).startsWith("invalid parameter")
          ? e
          : BadParameter.of("match[]", e.getMessage());
    }
    return answer(found, limit, Json::labels);
  }

  private HttpAnswer names(HttpRequest request) {
    int limit = Parameters.limit(request);
    return answer(matching(request, store::labelNames), limit, JsonGenerator::writeString);
  }

  private HttpAnswer values(HttpRequest request) {
    String name = unescaped(request.variable("name"));
    if (name.isEmpty() || name.indexOf('\uFFFD') >= 0) {
      throw new BadParameter("invalid label name: \"" + name + '"');
    }
    int limit = Parameters.limit(request);
    return answer(
        matching(request, (start, end, matchers) -> store.labelValues(name, start, end, matchers)),
        limit,
        JsonGenerator::writeString);
  }

  private interface Writer<T> {
    void write(JsonGenerator json, T each) throws IOException;
  }

  private static <T> HttpAnswer answer(Set<T> found, int limit, Writer<T> writer) {
    List<T> shown = found.stream().limit(limit).toList();
    return Answers.success(
        json -> {
          json.writeStartArray();
          for (T each : shown) {
            writer.write(json, each);
          }
          json.writeEndArray();
        },
        shown.size() < found.size() ? Answers.TRUNCATED : List.of(),
        List.of());
  }

  /** What the store knows of series that match, from one time to the other. */
  private interface Lookup<T> {
    SortedSet<T> find(long start, long end, List<LabelMatcher> matchers);
  }

  /** Of the series that any {@code match[]} selects; of all where there is none. */
  private static <T> SortedSet<T> matching(HttpRequest request, Lookup<T> lookup) {
    long start = Parameters.time(request, "start", -Parameters.FOREVER);
    long end = Parameters.time(request, "end", Parameters.FOREVER);
    List<List<LabelMatcher>> selectors = Parameters.selectors(request);
    if (selectors.isEmpty()) {
      return lookup.find(start, end, List.of());
    }
    SortedSet<T> found = new TreeSet<>();
    for (List<LabelMatcher> matchers : selectors) {
      found.addAll(lookup.find(start, end, matchers));
    }
    return found;
  }

  /** {@code U__http_2e_server} is {@code http.server}, as Grafana writes names in a path. */
  private static String unescaped(String name) {
    if (!name.startsWith("U__")) {
      return name;
    }
    StringBuilder out = new StringBuilder();
    for (int at = 3; at < name.length(); at++) {
      char c = name.charAt(at);
      if (c != '_') {
        out.append(c);
        continue;
      }
      int end = name.indexOf('_', at + 1);
      if (end == at + 1) {
        out.append('_');
      } else {
        try {
          out.appendCodePoint(Integer.parseInt(name, at + 1, Math.max(end, at + 1), 16));
        } catch (IllegalArgumentException notEscaped) {
          return name;
        }
      }
      at = end;
    }
    return out.toString();
  }
}
