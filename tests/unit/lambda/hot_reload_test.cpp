#include "base/encoding.hpp"
#include "service_fixture.hpp"

namespace aviary::lambda {
namespace {

/// `--code S3Bucket=hot-reload,S3Key=/code/fun`
class HotReloadFunctions : public ServiceFixture {
 protected:
  HotReloadFunctions() { live_folders_.folders["/code/fun"] = {}; }
  static Json live(std::string folder = "/code/fun") {
    return {{"S3Bucket", "hot-reload"}, {"S3Key", std::move(folder)}};
  }
  Json create(Json more = Json::object()) {
    Json input = new_function("f", {{"Code", live()}});
    input.update(more);
    return answer("CreateFunction", input);
  }
  Json code_of(const std::string& name) { return answer("GetFunction", {{"FunctionName", name}})["Code"]; }
};

TEST_F(HotReloadFunctions, AreSeenForWhatTheyAre) {
  const Json created = create();
  EXPECT_EQ(created["CodeSize"], 0);
  EXPECT_EQ(created["CodeSha256"], "hot-reloading-hash-not-available");
  EXPECT_EQ(code_of("f"), (Json{{"RepositoryType", "S3"}, {"Location", "file:///code/fun"}}));
  EXPECT_EQ(invoke("f"), "$LATEST");
}

TEST_F(HotReloadFunctions, OnlyFromFoldersThatMayBeShown) {
  EXPECT_EQ(refusal("CreateFunction", new_function("f", {{"Code", live("/etc")}})),
            invalid("No such folder."));
  EXPECT_EQ(refusal("GetFunction", {{"FunctionName", "f"}}), missing("f"));
  Json versioned = live();
  versioned["S3ObjectVersion"] = "1";
  EXPECT_EQ(refusal("CreateFunction", new_function("f", {{"Code", versioned}})),
            invalid("Hot reload runs a folder as it is: it has no S3ObjectVersion."));
}

TEST_F(HotReloadFunctions, AnUpdateGoesToAFolderAndBack) {
  answer("CreateFunction", new_function("f"));
  Json update = live();
  update["FunctionName"] = "f";
  answer("UpdateFunctionCode", update);
  EXPECT_EQ(code_of("f")["Location"], "file:///code/fun");
  answer("UpdateFunctionCode", {{"FunctionName", "f"}, {"ZipFile", "PK one"}});
  EXPECT_TRUE(code_of("f")["Location"].get<std::string>().starts_with("http://127.0.0.1:4566/_aviary/code/"));
}

TEST_F(HotReloadFunctions, AVersionKeepsWhatTheFolderHeld) {
  create();
  const Json first = answer("PublishVersion", {{"FunctionName", "f"}});
  EXPECT_EQ(first["Version"], "1");
  EXPECT_EQ(first["CodeSha256"], base64_encode(sha256("PK as it was")));
  EXPECT_TRUE(code_of("f:1")["Location"].get<std::string>().starts_with("http"));
  EXPECT_EQ(answer("PublishVersion", {{"FunctionName", "f"}})["Version"], "1") << "nothing has changed since";
  live_folders_.folders["/code/fun"].zip = "PK changed";
  EXPECT_EQ(answer("PublishVersion", {{"FunctionName", "f"}})["Version"], "2");
  EXPECT_EQ(answer("GetFunctionConfiguration", {{"FunctionName", "f:1"}})["CodeSha256"], first["CodeSha256"]);
  EXPECT_EQ(code_of("f")["Location"], "file:///code/fun") << "$LATEST goes on from the folder";
}

TEST_F(HotReloadFunctions, PublishingAtOnceKeepsItToo) {
  create({{"Publish", true}});
  EXPECT_TRUE(code_of("f:1")["Location"].get<std::string>().starts_with("http"));
  settle();
  live_folders_.folders["/code/fun"].zip = "PK changed";
  Json update = live();
  update.update({{"FunctionName", "f"}, {"Publish", true}});
  const Json second = answer("UpdateFunctionCode", update);
  EXPECT_EQ(second["Version"], "2");
  EXPECT_EQ(second["CodeSha256"], base64_encode(sha256("PK changed")));
}

TEST_F(HotReloadFunctions, AFolderThatWentAwayIsNotPublished) {
  create();
  live_folders_.folders.clear();
  EXPECT_EQ(refusal("PublishVersion", {{"FunctionName", "f"}}), invalid("No such folder."));
}

TEST_F(HotReloadFunctions, LastOverARestart) {
  create();
  answer("PublishVersion", {{"FunctionName", "f"}});
  const Json before = answer("GetFunction", {{"FunctionName", "f"}});
  restart();
  EXPECT_EQ(answer("GetFunction", {{"FunctionName", "f"}}), before);
  EXPECT_EQ(answer("PublishVersion", {{"FunctionName", "f"}})["Version"], "1");
}

TEST_F(HotReloadFunctions, LayersNeverChange) {
  EXPECT_EQ(refusal("PublishLayerVersion", {{"LayerName", "l"}, {"Content", live()}}),
            invalid("Hot reload is for a function's code: a layer version never changes."));
}

}  // namespace
}  // namespace aviary::lambda
