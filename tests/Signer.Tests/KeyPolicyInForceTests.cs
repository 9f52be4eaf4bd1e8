using Fota.Signer.Journal;
using Fota.Signer.Keys;
using Fota.Signer.Keys.Policies;
using Fota.Signer.Log;
using Fota.TestKit;

namespace Fota.Signer.Tests;

/// <summary>Policies of a home, as its commands meet them: the token is not asked for what they forbid, and the journal says so.</summary>
[TestFixture]
public sealed class KeyPolicyInForceTests
{
    private static string Shipped => File.ReadAllText(RepositoryRoot.Path("hsm-config/key-policy.yaml"));

    [Test]
    public async Task Release_goes_its_way_under_the_shipped_policy()
    {
        using SignerWorld world = await WithPolicyAsync();
        await world.ReleaseAsync("1.0.0");
        Assert.That(File.ReadAllText(world.HomeFolder.Transcript + "/ceremony.json"), Does.Contain("key-policy.yaml"), "what the root keys signed");
    }

    [TestCase("label: release, role: product", "label: release, role: online", "wanted role online, got role product")]
    [TestCase("label: release, role: product, formats: [suit, tuf, statement]", "label: release, role: product, formats: [tuf]", "wanted format tuf, got format suit")]
    [TestCase("formats: [suit, tuf, statement], mechanisms: [ecdsa-p256-sha256]", "formats: [suit, tuf, statement], mechanisms: [ed25519]", "wanted mechanism ed25519, got mechanism ecdsa-p256-sha256")]
    [TestCase("usageLimit: 20000, notAfter: none", "usageLimit: 20000, notAfter: 2026-01-01T00:00:00Z", "wanted a time not after 2026-01-01 00:00:00Z")]
    public async Task A45_Signature_that_the_policy_forbids_is_refused_before_the_token_is_asked(string allowed, string narrowed, string reason)
    {
        using SignerWorld world = await WithPolicyAsync();
        await File.WriteAllTextAsync(world.HomeFolder.KeyPolicy, ReplaceFirst(Shipped, allowed, narrowed));
        int asked = 0;
        world.Module = module => new FaultyModule(module, sign =>
        {
            byte[] signature = sign();
            asked++;
            return signature;
        });
        (await world.CreateAsync("1.0.0")).Refused($"policy of key 'release': {reason}");
        Assert.That(asked, Is.Zero);
        JournalEntry refused = Journal(world)[^1];
        Assert.That((refused.KeyLabel, refused.Result, refused.Reason), Is.EqualTo(("release", SigningResult.Failed, refused.Reason)));
        Assert.That(refused.Reason, Does.Contain(reason));
    }

    [Test]
    public async Task A45_Approval_that_was_made_elsewhere_by_a_key_whose_policy_forbids_it_is_refused()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync();
        Answer request = await world.PendingAsync("1.0.0");
        (await world.SignAsync(request)).Ok();
        await File.WriteAllTextAsync(world.Signer.HomeFolder.KeyPolicy, ReplaceFirst(Shipped, "label: approver, role: product, formats: [suit, tuf, statement]", "label: approver, role: product, formats: [statement]"));
        (await world.PostAsync("bo", $"requests/{request.Id}/approval", await File.ReadAllTextAsync(world.Signer.PathOf("approval.json")))).Refused(422, "Refused", "policy of key 'approver': wanted format statement, got format suit");
        Assert.That((await world.GetAsync("bo", $"requests/{request.Id}")).State, Is.EqualTo("pending"));
    }

    [Test]
    public async Task Limit_counts_what_the_journal_has_of_the_key_and_not_what_failed()
    {
        using SignerWorld world = await WithPolicyAsync();
        int made = Journal(world).Count(static entry => entry is { KeyLabel: "online", Result: SigningResult.Signed });
        string limit = $"label: online, role: online, formats: [tuf, statement], mechanisms: [ecdsa-p256-sha256], usageLimit: {made + 1}";
        await File.WriteAllTextAsync(world.HomeFolder.KeyPolicy, ReplaceFirst(Shipped, "label: online, role: online, formats: [tuf, statement], mechanisms: [ecdsa-p256-sha256], usageLimit: none", limit));
        world.Clock.Step(TimeSpan.FromHours(13));
        world.Module = static module => new FaultyModule(module, static _ => throw new Interop.Cryptoki.CryptokiException("C_Sign", new Interop.Cryptoki.ReturnValue(0x30)));
        (await world.OnlineAsync()).Refused("CKR_DEVICE_ERROR");
        world.Module = static module => module;
        (await world.OnlineAsync()).Ok();
        world.Clock.Step(TimeSpan.FromHours(13));
        (await world.OnlineAsync()).Refused($"policy of key 'online': wanted at most {made + 1} signatures, got one more after {made + 1}");
    }

    [Test]
    public async Task Uses_of_a_key_are_counted_without_reading_the_whole_journal()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        using SignerDatabase database = SignerDatabase.Open(world.HomeFolder.Journal);
        List<string> plan = database.Query("EXPLAIN QUERY PLAN " + SigningJournal.UsesOfKey, static row => row.GetString(3), new string('0', 64), 1L);
        Assert.That(plan, Is.Not.Empty.And.None.Contains("SCAN"));
        Assert.That(plan[0], Does.Contain("intent_by_key"));
    }

    [Test]
    public async Task A45_Key_without_a_written_policy_signs_for_its_own_role_alone()
    {
        using SignerWorld world = await SignerWorld.CreateAsync();
        using OpenedKey online = OpenedKey.Open(world.Host(), world.HomeFolder, "online", world.PinFile("online"));
        using Home.SignerHome home = await Home.SignerHome.OpenAsync(world.HomeFolder, world.Host(), CancellationToken.None);
        Assert.That(
            () => home.Signer.Sign(online.Key, SigningPurpose.Root, "a root", "{}"u8),
            Throws.TypeOf<KeyPolicyException>().With.Message.EqualTo("policy of key 'online': wanted role online, got role root"));
    }

    [Test]
    public async Task Policy_of_a_key_that_there_is_not_stops_every_signature()
    {
        using SignerWorld world = await WithPolicyAsync();
        await File.WriteAllTextAsync(world.HomeFolder.KeyPolicy, Shipped.Replace("label: release", "label: realease", StringComparison.Ordinal));
        (await world.CreateAsync("1.0.0")).Refused("key policy: keys.label: wanted labels of keys that there are, got realease");
    }

    [Test]
    public async Task Ceremony_with_a_policy_of_other_keys_touches_no_token()
    {
        using SignerWorld world = new();
        (await world.CeremonyAsync(keyPolicy: Shipped.Replace("label: release", "label: realease", StringComparison.Ordinal))).Refused("wanted labels of keys that there are, got realease");
        Assert.That(Directory.Exists(world.Home + ".incomplete"), Is.False);
    }

    [Test]
    public async Task Keys_of_every_algorithm_sign_a_release()
    {
        using SignerWorld world = await SignerWorld.CreateAsync(static plan => plan
            .Replace("token: root-1, algorithm: ecdsa-p256", "token: root-1, algorithm: ecdsa-p384", StringComparison.Ordinal)
            .Replace("token: root-2, algorithm: ecdsa-p256", "token: root-2, algorithm: rsa-pss-4096", StringComparison.Ordinal)
            .Replace("token: targets, algorithm: ecdsa-p256", "token: targets, algorithm: rsa-pss-3072", StringComparison.Ordinal)
            .Replace("token: release, algorithm: ecdsa-p256", "token: release, algorithm: ecdsa-p384", StringComparison.Ordinal)
            .Replace("token: approver, algorithm: ecdsa-p256", "token: approver, algorithm: ed25519", StringComparison.Ordinal));
        await world.ReleaseAsync("1.0.0");
    }

    private static async Task<SignerWorld> WithPolicyAsync()
    {
        SignerWorld world = new();
        (await world.CeremonyAsync(keyPolicy: Shipped)).Ok();
        return world;
    }

    private static IReadOnlyList<JournalEntry> Journal(SignerWorld world)
    {
        using SignerDatabase database = SignerDatabase.Open(world.HomeFolder.Journal);
        return new SigningJournal(database, world.Clock, new KeyPolicies(world.HomeFolder, world.Clock), new SignerLog(database, world.Clock)).Entries();
    }

    private static string ReplaceFirst(string text, string old, string with)
    {
        int at = text.IndexOf(old, StringComparison.Ordinal);
        return text[..at] + with + text[(at + old.Length)..];
    }
}
