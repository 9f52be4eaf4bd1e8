using Fota.Signer.Ceremony;
using Fota.Signer.Roles;
using Fota.TestKit;

namespace Fota.Signer.Tests.Ceremonies;

[TestFixture]
public sealed class CeremonyFileTests
{
    private const string Key = "{ label: root-4, keyId: " + CeremonyWorld.NoKey + " }", Added = "[" + Key + "]";

    private static readonly DateTimeOffset s_now = new(2026, 2, 1, 12, 0, 0, TimeSpan.Zero);

    [Test]
    [Proves("H-1")]
    public void Every_field_of_a_change_is_asked_for_and_the_file_is_named_by_its_digest()
    {
        CeremonyFile file = Parse("version: 1\nkind: change\nreason: A test.\nroles: [snapshot, timestamp]\naddKeys: [{ label: a, keyId: " + CeremonyWorld.NoKey + " }]\nremoveKeys: [b]\nthreshold: 1\nexpiresDays: 3\nrenew: true\natLeast: 7\n");
        ChangeRequest request = file.Change!.ToRequest(s_now);
        Assert.That((request.Roles, request.AddKeys, request.RemoveKeys), Is.EqualTo((new[] { "snapshot", "timestamp" }, new[] { "a" }, new[] { "b" })));
        Assert.That((request.Threshold, request.ExpiresDays, request.HashBins, request.Renew, request.AtLeast, request.Proposed), Is.EqualTo((1, 3, (int?)null, true, 7L, s_now)));
        Assert.That((request.Ceremony, file.Change.Reason, file.Create), Is.EqualTo((file.Digest.ToString(), "A test.", (CeremonyPlan?)null)));
    }

    [TestCase("version: 1", "version: 1\nkind: create")]
    [TestCase("version: 1", "version: 1")]
    [Proves("H-1")]
    public void File_that_makes_keys_needs_no_kind_and_may_say_create(string line, string written) =>
        Assert.That(Parse(SignerWorld.ShippedPlan.Replace(line, written, StringComparison.Ordinal)).Create!.Keys, Has.Count.EqualTo(11));

    [TestCase("kind: change", "kind: destroy", "plan: kind: wanted create or change, got \"destroy\"")]
    [TestCase("version: 1", "version: 2", "plan: version: wanted 1, got 2")]
    [TestCase("version: 1\n", "", "plan: version: wanted 1, got none")]
    [TestCase("reason: A test.\n", "", "plan: reason: wanted it, got none")]
    [TestCase("roles: [root]\n", "", "plan: roles: wanted it, got none")]
    [TestCase("[root]", "[root, root]", "plan: roles: wanted each name once, got root twice")]
    [TestCase("[root]", "[../root]", "plan: roles: wanted 1 to 64 of a-z, 0-9 and '-', got \"../root\"")]
    [TestCase(Added, "[" + Key + ", " + Key + "]", "plan: addKeys: wanted each name once, got root-4 twice")]
    [TestCase(Added, "[root-4]", "plan: line 5")]
    [TestCase(Added, "[{ label: root-4 }]", "plan: addKeys.keyId: wanted 64 lower-case hexadecimal digits, as `key make` says them, got \"\"")]
    [TestCase(Added, "[{ keyId: " + CeremonyWorld.NoKey + " }]", "plan: addKeys.label: wanted 1 to 32")]
    [TestCase("[root-1]", "[Root]", "plan: removeKeys: wanted 1 to 32 of a-z, 0-9 and '-', got \"Root\"")]
    [TestCase("addKeys: " + Added + "\nremoveKeys: [root-1]\n", "", "plan: wanted at least one of addKeys, removeKeys, threshold, expiresDays, hashBins, atLeast, renew, got none")]
    [TestCase("reason:", "threshold: 0\nreason:", "plan: threshold: wanted 1 to 2147483647, got 0")]
    [TestCase("reason:", "expiresDays: 3651\nreason:", "plan: expiresDays: wanted 1 to 3650, got 3651")]
    [TestCase("reason:", "hashBins: 3\nreason:", "plan: hashBins: wanted 0 (none) or a power of two up to 4096, got 3")]
    [TestCase("reason:", "atLeast: 0\nreason:", "plan: atLeast: wanted at least 1, got 0")]
    [TestCase("reason:", "threshold:\nreason:", "plan: line 3: wanted a value, numbers in decimal digits alone, got \"\"")]
    [TestCase("reason:", "addKeys: ~\nreason:", "plan: line 3: wanted a value, numbers in decimal digits alone, got \"~\"")]
    [TestCase("reason:", "threshold: 0x2\nreason:", "plan: line 3: wanted a value, numbers in decimal digits alone, got \"0x2\"")]
    [TestCase("reason:", "expiresDays: 0100\nreason:", "plan: line 3: wanted a value, numbers in decimal digits alone, got \"0100\"")]
    [TestCase("reason:", "expiresDays: 1_00\nreason:", "plan: line 3: wanted a value, numbers in decimal digits alone, got \"1_00\"")]
    [TestCase("reason:", "expiresDays: 1e2\nreason:", "plan: line 3: wanted a value, numbers in decimal digits alone, got \"1e2\"")]
    [TestCase("reason:", "expiresDays: +7\nreason:", "plan: line 3: wanted a value, numbers in decimal digits alone, got \"+7\"")]
    [TestCase("removeKeys: [root-1]\n", "removeKeys: [root-1]\n---\nversion: 1\n", "plan: line 7: wanted one document, got another")]
    [TestCase("removeKeys:", "removeKey:", "Property 'removeKey' not found")]
    [TestCase("reason: A test.\n", "reason: A test.\nreason: Another.\n", "plan: line 4")]
    [TestCase("reason:", "keys: []\nreason:", "Property 'keys' not found")]
    [Proves("H-2")]
    public void P10_Change_with_a_fault_is_refused_with_the_name_of_the_field(string sound, string faulty, string reason)
    {
        string text = "version: 1\nkind: change\nreason: A test.\nroles: [root]\naddKeys: " + Added + "\nremoveKeys: [root-1]\n";
        Assert.That(text, Does.Contain(sound));
        Assert.That(() => Parse(text.Replace(sound, faulty, StringComparison.Ordinal)), Throws.TypeOf<SignerRefusalException>().With.Message.Contains(reason).And.Message.Not.Contains("\n"));
    }

    [Test]
    public void File_longer_than_people_review_is_refused() =>
        Assert.That(() => Parse(new string('#', 300_000)), Throws.TypeOf<SignerRefusalException>().With.Message.EqualTo("plan: wanted at most 262144 bytes, got 300000"));

    private static CeremonyFile Parse(string yaml) => CeremonyFile.Parse(System.Text.Encoding.UTF8.GetBytes(yaml));
}
