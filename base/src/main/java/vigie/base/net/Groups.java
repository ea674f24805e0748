package vigie.base.net;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.List;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/** {@code SSLParameters.setNamedGroups}, which Java has since 20. */
final class Groups {
  private static final @Nullable Method SET = find();
  static final boolean AVAILABLE = SET != null;

  private Groups() {}

  /** Nothing where the list is empty or Java is too old. */
  static void set(SSLParameters parameters, List<String> groups) {
    if (SET == null || groups.isEmpty()) {
      return;
    }
    try {
      SET.invoke(parameters, (Object) groups.toArray(new String[0]));
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException("BUG: setNamedGroups cannot be called", e);
    }
  }

  private static @Nullable Method find() {
    try {
      return SSLParameters.class.getMethod("setNamedGroups", String[].class);
    } catch (NoSuchMethodException before20) {
      return null;
    }
  }
}
