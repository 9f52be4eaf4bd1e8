using System.Text.Json;
using Fota.Manifest.Log;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Log;

/// <summary>Every proof of transparency-dev/merkle, good and bad, gets the verdict that its authors give it.</summary>
[Proves("L-2")]
public sealed class MerkleVectorTests
{
    [TestCase("inclusion", 98)]
    [TestCase("consistency", 98)]
    public void Every_proof_gets_the_expected_verdict(string kind, int count)
    {
        string[] files = Directory.GetFiles(VectorFolder.Require($"merkle/{kind}"), "*.json", SearchOption.AllDirectories);
        List<string> wrong = [];
        foreach (string file in files)
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(file));
            JsonElement test = json.RootElement;
            bool accepted = kind == "inclusion" ? IsInclusion(test) : IsConsistency(test);
            if (accepted == test.GetProperty("wantErr").GetBoolean())
            {
                wrong.Add($"{file}: accepted {accepted}");
            }
        }

        Assert.That(wrong, Is.Empty);
        Assert.That(files, Has.Length.EqualTo(count));
    }

    private static bool IsInclusion(JsonElement test) => Verdict.Of(() => new Outcome(MerkleProof.CheckInclusion(
        Number(test, "leafIdx"), Number(test, "treeSize"), Hash(test.GetProperty("leafHash")), Hashes(test), Hash(test.GetProperty("root"))))).IsAccepted(out Outcome? outcome, out _) && outcome.Rejection is null;

    private static bool IsConsistency(JsonElement test) => Verdict.Of(() => new Outcome(MerkleProof.CheckConsistency(
        Number(test, "size1"), Hash(test.GetProperty("root1")), Number(test, "size2"), Hash(test.GetProperty("root2")), Hashes(test)))).IsAccepted(out Outcome? outcome, out _) && outcome.Rejection is null;

    // Sizes of the vectors are unsigned, of 64 bits; ours end at 2^63-1.
    private static long Number(JsonElement test, string name) => test.GetProperty(name).GetUInt64() is var number && number <= long.MaxValue ? (long)number : throw new RejectedException(RejectionReason.ValueOutOfRange, name);

    private static IReadOnlyList<Sha256Digest> Hashes(JsonElement test) =>
        test.GetProperty("proof") is { ValueKind: JsonValueKind.Array } proof ? [.. proof.EnumerateArray().Select(Hash)] : [];

    // Where a root does not matter to them, the authors wrote "don't care", which is no hash: then the hash of those words stands for it.
    private static Sha256Digest Hash(JsonElement text)
    {
        byte[] bytes = text.ValueKind == JsonValueKind.Null ? [] : text.GetBytesFromBase64();
        return bytes.AsSpan().StartsWith("don't care"u8) ? Sha256Digest.Of(bytes) : Sha256Digest.FromBytes(bytes);
    }

    private sealed record Outcome(Rejection? Rejection);
}
