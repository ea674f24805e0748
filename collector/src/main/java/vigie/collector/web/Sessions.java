package vigie.collector.web;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Clock;

/**
 * Who is signed in, in memory: a restart ends all sessions. Kept under a hash of the id, which only
 * the browser knows. At most {@value #MOST}, of one user {@value #MOST_OF_USER}; with one more the
 * one that was used longest ago ends. Safe for all threads.
 */
final class Sessions {
  static final int MOST = 1000;
  static final int MOST_OF_USER = 20;
  private static final int ID_BYTES = 16;

  private final Clock clock;
  private final SecureRandom random = new SecureRandom();
  // In the order of use; guarded by this.
  private final Map<String, Session> sessions = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * A session.
   *
   * @param key what it is kept under
   * @param credential what the user's was when it began
   * @param path of its cookie
   */
  record Session(
      String key, String user, String credential, String path, long begunNanos, long usedNanos) {
    private Session used(long nanos) {
      return new Session(key, user, credential, path, begunNanos, nanos);
    }
  }

  Sessions(Clock clock) {
    this.clock = clock;
  }

  /** Begins one; returns its id, of 128 random bits. */
  synchronized String begin(String user, String credential, String path) {
    byte[] bytes = new byte[ID_BYTES];
    random.nextBytes(bytes);
    String id = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    makeRoom(user);
    long now = clock.nanos();
    String key = key(id);
    sessions.put(key, new Session(key, user, credential, path, now, now));
    return id;
  }

  private void makeRoom(String user) {
    long ofUser = sessions.values().stream().filter(s -> s.user.equals(user)).count();
    if (ofUser >= MOST_OF_USER) {
      dropOldest(user);
    } else if (sessions.size() >= MOST) {
      dropOldest("");
    }
  }

  /** Of the user; of all where it is empty. */
  private void dropOldest(String user) {
    Iterator<Session> all = sessions.values().iterator();
    while (all.hasNext()) {
      Session oldest = all.next();
      if (user.isEmpty() || oldest.user.equals(user)) {
        all.remove();
        return;
      }
    }
  }

  /**
   * The session of an id, unless it is over.
   *
   * @param use whether this counts as its use
   */
  synchronized @Nullable Session find(String id, WebSettings settings, boolean use) {
    String key = key(id);
    Session session = sessions.get(key);
    if (session == null) {
      return null;
    }
    long now = clock.nanos();
    if (now - session.usedNanos >= settings.idle().toNanos()
        || now - session.begunNanos >= settings.end().toNanos()) {
      sessions.remove(key);
      return null;
    }
    if (use) {
      sessions.put(key, session.used(now));
    }
    return session;
  }

  synchronized void end(Session session) {
    sessions.remove(session.key);
  }

  synchronized int count() {
    return sessions.size();
  }

  private static String key(String id) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(id.getBytes(StandardCharsets.UTF_8));
      return Base64.getEncoder().encodeToString(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256", e);
    }
  }
}
