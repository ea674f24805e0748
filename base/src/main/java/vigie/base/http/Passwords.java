package vigie.base.http;

import at.favre.lib.crypto.bcrypt.BCrypt;
import at.favre.lib.crypto.bcrypt.LongPasswordStrategies;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Whether a password belongs to a bcrypt hash. Finding out takes tens of milliseconds, on a Pi Zero
 * seconds; so verdicts are kept, under a hash keyed with a secret of this process, and right ones
 * apart from wrong ones, lest somebody who guesses crowd them out. Safe for all threads.
 */
final class Passwords {
  private static final int MOST_KEPT = 100;
  private static final BCrypt.Version VERSION = BCrypt.Version.VERSION_2Y;
  // Of no password: checked for users that do not exist, so that time does not tell them apart.
  private static final String NOBODY =
      "$2y$10$oFP47iroK8ZCLpbq5aDnqOMfCEH/Ppm7GcJ9axoduYvQIeVD9XzxC";

  private final SecretKeySpec secret;
  private final Map<String, Boolean> right = new Kept(); // guarded by this
  private final Map<String, Boolean> wrong = new Kept(); // guarded by this

  Passwords() {
    byte[] random = new byte[32];
    new SecureRandom().nextBytes(random);
    secret = new SecretKeySpec(random, "HmacSHA256");
  }

  /** Whether this is a bcrypt hash that can be checked. */
  static boolean isHash(String text) {
    boolean shaped =
        text.length() == 60
            && (text.startsWith("$2a$") || text.startsWith("$2b$") || text.startsWith("$2y$"))
            && text.charAt(6) == '$';
    if (!shaped) {
      return false;
    }
    int cost = (text.charAt(4) - '0') * 10 + text.charAt(5) - '0';
    return cost >= BCrypt.MIN_COST && cost <= BCrypt.MAX_COST;
  }

  /** The verdict where it is known already, else null. */
  @Nullable Boolean known(String user, @Nullable String hash, byte[] password) {
    String key = key(user, hash, password);
    synchronized (this) {
      return right.containsKey(key) ? Boolean.TRUE : wrong.get(key);
    }
  }

  /**
   * The verdict, found out; takes its time.
   *
   * @param hash null where there is no such user; takes as long as a wrong password of one of the
   *     others
   * @param password its first 72 bytes count, as in every bcrypt
   */
  boolean check(String user, @Nullable String hash, byte[] password, Collection<String> others) {
    byte[] counted = password.length > 72 ? java.util.Arrays.copyOf(password, 72) : password;
    boolean matches =
        BCrypt.verifyer(VERSION, LongPasswordStrategies.none())
            .verify(
                counted, (hash == null ? nobody(others) : hash).getBytes(StandardCharsets.US_ASCII))
            .verified;
    boolean verdict = matches && hash != null;
    String key = key(user, hash, password);
    synchronized (this) {
      (verdict ? right : wrong).put(key, verdict);
    }
    return verdict;
  }

  /** With the cost that most cost: what else would tell that there is no such user. */
  private static String nobody(Collection<String> others) {
    String cost = others.stream().map(h -> h.substring(4, 6)).max(String::compareTo).orElse("10");
    return NOBODY.substring(0, 4) + cost + NOBODY.substring(6);
  }

  private String key(String user, @Nullable String hash, byte[] password) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(secret);
      // The user comes before the hash in length and text, so that no two triples are one.
      mac.update((user.length() + ":" + user + hash + "\0").getBytes(StandardCharsets.UTF_8));
      return Base64.getEncoder().encodeToString(mac.doFinal(password));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no HmacSHA256", e);
    }
  }

  private static final class Kept extends LinkedHashMap<String, Boolean> {
    private static final long serialVersionUID = 1;

    Kept() {
      super(16, 0.75f, true);
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
      return size() > MOST_KEPT;
    }
  }
}
