"""Java functions through the whole emulator: class files, jars, failures, memory."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from function_code import zipped
from sdk_clients import LambdaCase

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
JAR = os.path.join(ROOT, "src", "runtimes", "java", "aviary-runtime.jar")
JAVAC = shutil.which("javac")

SOURCE = """package orders;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.LinkedHashMap;
import java.util.Map;

public class Handler implements RequestHandler<Map<String, Object>, Map<String, Object>> {
  private int invokes;

  public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
    if (event.containsKey("fail")) {
      throw new IllegalArgumentException(String.valueOf(event.get("fail")));
    }
    if (event.containsKey("exit")) {
      System.exit(3);
    }
    System.out.println("at work");
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("event", event);
    answer.put("invokes", ++invokes);
    answer.put("function", context.getFunctionName() + ":" + context.getFunctionVersion());
    answer.put("heap", Runtime.getRuntime().maxMemory() >> 20);
    answer.put("stage", System.getenv("STAGE"));
    return answer;
  }
}
"""

HOOKED = """package orders;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.ArrayList;
import java.util.List;
import org.crac.Core;
import org.crac.Resource;

public class Hooked implements RequestHandler<Object, List<String>>, Resource {
  private final List<String> done = new ArrayList<>();

  public Hooked() {
    Core.getGlobalContext().register(this);
    done.add("init");
  }

  public void beforeCheckpoint(org.crac.Context<? extends Resource> context) {
    done.add("before");
  }

  public void afterRestore(org.crac.Context<? extends Resource> context) {
    done.add("after");
  }

  public List<String> handleRequest(Object event, Context context) {
    return done;
  }
}
"""


@unittest.skipUnless(JAVAC, "no JDK here")
class Java(LambdaCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with tempfile.TemporaryDirectory() as folder:
            sources = []
            for name, text in (("Handler", SOURCE), ("Hooked", HOOKED)):
                sources.append(os.path.join(folder, name + ".java"))
                with open(sources[-1], "w") as file:
                    file.write(text)
            subprocess.run([JAVAC, "-nowarn", "--release", "11", "-cp", JAR, "-d", folder, *sources], check=True)
            classes = {}
            for name in ("orders/Handler.class", "orders/Hooked.class"):
                with open(os.path.join(folder, name), "rb") as file:
                    classes[name] = file.read()
            cls.code = zipped(classes)

    def test_a_function(self):
        self.create(code=self.code, Runtime="java17", Handler="orders.Handler::handleRequest", Timeout=60,
                    MemorySize=512, Environment={"Variables": {"STAGE": "test"}})
        answer, response = self.invoke(payload={"a": [1, "ü"]}, LogType="Tail")
        self.assertEqual(answer["event"], {"a": [1, "ü"]})
        self.assertEqual((answer["function"], answer["stage"]), ("order-processor:$LATEST", "test"))
        self.assertTrue(300 < answer["heap"] < 512, answer)
        self.assertEqual(response["ExecutedVersion"], "$LATEST")
        self.all_back()
        self.assertEqual(self.invoke(payload={})[0]["invokes"], 2, "the second one is warm")

        failed, response = self.invoke(payload={"fail": "on purpose"})
        self.assertEqual(response["FunctionError"], "Unhandled")
        self.assertEqual((failed["errorMessage"], failed["errorType"]),
                         ("on purpose", "java.lang.IllegalArgumentException"))
        self.assertTrue(re.match(r"orders\.Handler\.handleRequest\(", failed["stackTrace"][0]), failed)
        failed, _ = self.invoke(payload={"exit": 1})
        self.assertEqual(failed["errorType"], "Runtime.ExitError")
        self.assertTrue(failed["errorMessage"].endswith("Runtime exited with error: exit status 3"), failed)
        self.assertEqual(self.invoke(payload={})[0]["invokes"], 1, "after the exit all is new")

    def test_hooks_of_a_snapshot(self):
        self.create(code=self.code, Runtime="java17", Handler="orders.Hooked", Timeout=60, MemorySize=512,
                    SnapStart={"ApplyOn": "PublishedVersions"}, Publish=True)
        self.eventually(lambda: self.client.get_function_configuration(
            FunctionName="order-processor", Qualifier="1")["State"] == "Active", 60, "the snapshot")
        self.assertEqual(self.invoke(payload={}, Qualifier="1")[0], ["init", "before", "after"])

    def test_a_handler_that_is_not_there(self):
        self.create(code=self.code, Runtime="java21", Handler="orders.Missing", Timeout=60, MemorySize=512)
        failed, response = self.invoke(payload={})
        self.assertEqual(response["FunctionError"], "Unhandled")
        self.assertEqual((failed["errorMessage"], failed["errorType"]),
                         ("Class not found: orders.Missing", "java.lang.ClassNotFoundException"))


if __name__ == "__main__":
    unittest.main()
