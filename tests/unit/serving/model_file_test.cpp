#include "models/serving/model_file.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "models/base/error.hpp"
#include "models/registry.hpp"
#include "models/serving/model_weights.hpp"

namespace labtwin::serving {
namespace {

namespace fs = std::filesystem;

/// Writes GGUF headers.
class Gguf {
 public:
  template <class T>
  Gguf& raw(T value) {
    const auto at = bytes_.size();
    bytes_.resize(at + sizeof(T));
    std::memcpy(bytes_.data() + at, &value, sizeof(T));
    return *this;
  }
  Gguf& text(const std::string& value) {
    raw<std::uint64_t>(value.size());
    bytes_ += value;
    return *this;
  }
  Gguf& key(const std::string& name, std::uint32_t value) { return text(name).raw<std::uint32_t>(4).raw(value); }
  Gguf& key(const std::string& name, const std::string& value) { return text(name).raw<std::uint32_t>(8).text(value); }
  Gguf& tensor(const std::string& name, std::uint64_t columns, std::uint64_t rows, std::uint32_t type) {
    return text(name).raw<std::uint32_t>(2).raw(columns).raw(rows).raw(type).raw<std::uint64_t>(0);
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

Gguf small_model(std::uint64_t num_keys = 6) {
  Gguf file;
  file.raw<std::uint32_t>(0x46554747).raw<std::uint32_t>(3).raw<std::uint64_t>(3).raw(num_keys);
  file.key("general.architecture", "llama").key("llama.block_count", 2).key("llama.embedding_length", 256);
  if (num_keys == 6) file.key("llama.attention.head_count", 8).key("llama.attention.head_count_kv", 2);
  file.key("llama.context_length", 2048);
  file.tensor("token_embd.weight", 256, 1000, 1)
      .tensor("output.weight", 256, 1000, 14)
      .tensor("blk.0.ffn_up.weight", 256, 1024, 8);
  return file;
}

class ModelFiles : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() / (std::string("labtwin_model_file_") + test->name());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name, std::ios::binary) << content;
    return folder_ / name;
  }
  [[nodiscard]] std::string message(const fs::path& path) const {
    try {
      static_cast<void>(read_model_file(path, quants_));
    } catch (const ConfigError& error) {
      std::string text = error.what();
      const std::size_t at = text.find(folder_.string());
      return at == std::string::npos ? text : text.erase(at, folder_.string().size() + 1);
    }
    return "accepted";
  }

  fs::path folder_;
  QuantTable quants_ = load_quant_table(catalog::Catalog());
};

TEST_F(ModelFiles, AConfigGivesTheShapeOfTheCatalog) {
  const ModelFile file = read_model_file(
      write("config.json",
            R"({"num_hidden_layers": 32, "hidden_size": 4096, "intermediate_size": 14336, "num_attention_heads": 32,
        "num_key_value_heads": 8, "vocab_size": 128256, "max_position_embeddings": 131072, "tie_word_embeddings": false})"),
      quants_);
  const ModelShape known = load_language_model(catalog::Catalog(), "llama-3.1-8b").shape;
  EXPECT_EQ(file.shape.head_dim, known.head_dim);
  EXPECT_NEAR(file.shape.num_parameters / known.num_parameters, 1.0, 1e-3);
  EXPECT_FALSE(file.quant.has_value());
}

TEST_F(ModelFiles, AConfigWithoutHeadsIsNamed) {
  EXPECT_EQ(message(write("config.json", R"({"num_hidden_layers": 32, "hidden_size": 4096, "vocab_size": 1000})")),
            "config.json: num_attention_heads: is missing: the shape of a model needs it");
  EXPECT_EQ(message(write("other.json", "[1, 2")), "other.json: is no JSON object: a config.json of a checkpoint is expected");
}

TEST_F(ModelFiles, ValuesOfAConfigThatCannotBeAreNamed) {
  const auto config = [&](const std::string& layers, const std::string& kv_heads, const std::string& architecture) {
    return message(
        write("config.json", R"({"hidden_size": 512, "num_attention_heads": 8, "vocab_size": 1000, "architectures": [")" +
                                 architecture + R"("], "num_hidden_layers": )" + layers + R"(, "num_key_value_heads": )" +
                                 kv_heads + "}"));
  };
  EXPECT_EQ(config("2", "4", "LlamaForCausalLM"), "accepted");
  EXPECT_EQ(config("0", "4", "LlamaForCausalLM"), "config.json: num_hidden_layers = 0: must be at least 1");
  EXPECT_EQ(config("\"two\"", "4", "LlamaForCausalLM"), "config.json: num_hidden_layers = \"two\": must be a whole number");
  EXPECT_EQ(config("2", "3", "LlamaForCausalLM"),
            "config.json: num_key_value_heads = 3: must divide the 8 of num_attention_heads");
  EXPECT_EQ(config("2", "4", "BertModel"), "config.json: architectures = BertModel: is of no model that writes text");
}

TEST_F(ModelFiles, AFolderIsTheConfigInIt) {
  EXPECT_EQ(message(folder_ / "."),
            ".: is a folder without a config.json: name a checkpoint's folder, its config.json or a GGUF file");
  write("config.json",
        R"({"hidden_size": 512, "num_attention_heads": 8, "vocab_size": 1000, "num_hidden_layers": 3, "head_dim": 64})");
  EXPECT_EQ(read_model_file(folder_, quants_).shape.layers, 3);
}

TEST_F(ModelFiles, AHeaderGivesShapeAndBits) {
  const ModelFile file = read_model_file(write("small.gguf", small_model().bytes()), quants_);
  EXPECT_EQ(file.shape.layers, 2);
  EXPECT_EQ(file.shape.kv_heads, 2);
  EXPECT_EQ(file.shape.head_dim, 32);
  EXPECT_EQ(file.shape.vocabulary, 1000);
  EXPECT_FALSE(file.shape.tied_embeddings);
  EXPECT_DOUBLE_EQ(file.quant.value().bits({.role = TensorRole::FeedForwardUp}), 8.5);
  const double bytes = 256000.0 * 2.0 + 256000.0 * 6.5625 / 8.0 + 262144.0 * 8.5 / 8.0;
  EXPECT_NEAR(model_weights(file.shape, *file.quant).in_file().value(), bytes, 0.02 * bytes);
}

TEST_F(ModelFiles, PartsOfASplitModelAreCountedTogether) {
  const auto part = [](std::uint64_t num_keys, std::uint64_t num_tensors) {
    return Gguf().raw<std::uint32_t>(0x46554747).raw<std::uint32_t>(3).raw(num_tensors).raw(num_keys);
  };
  Gguf first = part(6, 2);
  first.key("general.architecture", "llama").key("llama.block_count", 2).key("llama.embedding_length", 256);
  first.key("llama.attention.head_count", 8).key("llama.context_length", 2048).key("split.count", 2);
  first.tensor("token_embd.weight", 256, 1000, 1).tensor("blk.0.ffn_up.weight", 256, 1024, 8);
  const fs::path path = write("big-00001-of-00002.gguf", first.bytes());
  EXPECT_EQ(message(path), "big-00001-of-00002.gguf: is one of 2 parts, of which big-00002-of-00002.gguf is not beside it");
  const fs::path last = write("big-00002-of-00002.gguf", part(1, 2)
                                                             .key("split.count", 2)
                                                             .tensor("blk.1.ffn_up.weight", 256, 1024, 8)
                                                             .tensor("output.weight", 256, 1000, 8)
                                                             .bytes());
  const ModelFile file = read_model_file(path, quants_);
  EXPECT_DOUBLE_EQ(file.shape.num_parameters, 2.0 * 256000.0 + 2.0 * 262144.0);
  EXPECT_FALSE(file.shape.tied_embeddings);
  EXPECT_EQ(message(last),
            "big-00002-of-00002.gguf: is not the first part of its model: name the file that ends in -00001-of-N.gguf");
}

TEST_F(ModelFiles, EveryCutOffHeaderIsNamed) {
  const std::string whole = small_model().bytes();
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    EXPECT_EQ(message(write("cut.gguf", whole.substr(0, size))), "cut.gguf: is cut off within its header: fetch it again")
        << size;
  }
}

TEST_F(ModelFiles, WrongFilesGetOneClearMessage) {
  EXPECT_EQ(message(write("heads.gguf", small_model(4).bytes())),
            "heads.gguf: tells no llama.attention.head_count: the shape of a model needs it");
  EXPECT_EQ(message(write("text.gguf", "no model at all")), "text.gguf: is neither a GGUF file nor a config.json");
  EXPECT_EQ(message(folder_ / "absent.gguf"), "absent.gguf: cannot be read: No such file or directory");
}

}  // namespace
}  // namespace labtwin::serving
