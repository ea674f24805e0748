package vigie.collector.api.alertmanager;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.base.http.HttpAnswer;
import vigie.base.http.HttpFault;
import vigie.base.http.HttpRequest;
import vigie.collector.alert.PostedAlerts;
import vigie.collector.alert.PostedAlerts.Post;
import vigie.collector.label.Labels;

/** {@code POST /api/v2/alerts}: what is right of it is taken, what is wrong is told. */
final class PostApi {
  private static final String WHAT = "alerts";
  private static final int MOST_TOLD = 10;

  private final PostedAlerts posted;

  PostApi(PostedAlerts posted) {
    this.posted = posted;
  }

  HttpAnswer post(HttpRequest request) {
    JsonNode all = Body.read(request, WHAT);
    if (!all.isArray()) {
      throw Body.unread(WHAT, "it is no array of alerts");
    }
    List<Post> posts = new ArrayList<>();
    List<String> faults = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      if (!all.get(i).path("labels").isObject()) {
        throw Guarded.Misfit.required(i + ".labels");
      }
      Post post = post(all.get(i));
      String fault = fault(post);
      if (fault == null) {
        posts.add(post);
      } else {
        faults.add(fault);
      }
    }
    faults.addAll(posted.post(posts));
    if (!faults.isEmpty()) {
      List<String> told = faults.subList(0, Math.min(MOST_TOLD, faults.size()));
      String more =
          faults.size() > MOST_TOLD ? "; and " + (faults.size() - MOST_TOLD) + " more" : "";
      throw new HttpFault(400, String.join("; ", told) + more);
    }
    return Guarded.empty(200);
  }

  private static Post post(JsonNode alert) {
    String url = Body.text(alert, "generatorURL", WHAT);
    Instant end = Body.time(alert, "endsAt", WHAT);
    return new Post(
        Body.labels(alert.path("labels"), WHAT),
        Body.labels(alert.path("annotations"), WHAT),
        Body.time(alert, "startsAt", WHAT),
        end,
        url == null ? "" : url);
  }

  private static @Nullable String fault(Post post) {
    Labels labels = post.labels();
    if (labels.isEmpty()) {
      return "at least one label pair required";
    }
    for (Labels each : List.of(labels, post.annotations())) {
      for (int i = 0; i < each.size(); i++) {
        if (each.name(i).isEmpty()) {
          return "invalid name \"\"";
        }
      }
    }
    Instant start = post.startsAt();
    Instant end = post.endsAt();
    return start != null && end != null && end.isBefore(start)
        ? "start time must be before end time"
        : null;
  }
}
