using System.Text;
using Fota.Manifest.Keys;
using Fota.Signer.Ceremony;
using Fota.Signer.Journal;
using Fota.Signer.Keys.Policies;
using Fota.TestKit;

namespace Fota.Signer.Tests;

[TestFixture]
public sealed class KeyPolicyTests
{
    private static readonly DateTimeOffset s_end = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly VerificationKey s_p256 = SoftwareKey.EcdsaP256().PublicKey;

    private static readonly KeyPolicy s_policy = new("key", PolicyWords.Product, [PolicyWords.Suit], ["ecdsa-p256-sha256"], UsageLimit: 3, s_end);

    private static string Shipped => File.ReadAllText(RepositoryRoot.Path("hsm-config/key-policy.yaml"));

    [Test]
    public void Key_signs_what_its_policy_allows() => s_policy.Demand(s_p256, SigningPurpose.SuitManifest, static () => 2, s_end);

    [Test]
    public void A45_Key_of_another_role_is_refused() =>
        Refuses(() => s_policy.Demand(s_p256, SigningPurpose.Root, static () => 0, s_end), KeyPolicyReason.Role, "wanted role product, got role root");

    [Test]
    public void A45_Format_that_the_key_does_not_serve_is_refused() =>
        Refuses(() => s_policy.Demand(s_p256, SigningPurpose.ProductRole, static () => 0, s_end), KeyPolicyReason.Format, "wanted format suit, got format tuf");

    [Test]
    public void A24_Mechanism_that_the_key_may_not_serve_is_refused() => Refuses(
        () => s_policy.Demand(SoftwareKey.Ed25519().PublicKey, SigningPurpose.SuitManifest, static () => 0, s_end),
        KeyPolicyReason.Mechanism,
        "wanted mechanism ecdsa-p256-sha256, got mechanism ed25519");

    [Test]
    public void A45_Signature_beyond_the_limit_is_refused() =>
        Refuses(() => s_policy.Demand(s_p256, SigningPurpose.SuitManifest, static () => 3, s_end), KeyPolicyReason.UsageLimit, "wanted at most 3 signatures, got one more after 3");

    [Test]
    public void A45_Key_whose_time_is_over_is_refused() => Refuses(
        () => s_policy.Demand(s_p256, SigningPurpose.SuitManifest, static () => 0, s_end.AddSeconds(1)),
        KeyPolicyReason.NotAfter,
        "wanted a time not after 2030-01-01 00:00:00Z, got 2030-01-01 00:00:01Z");

    [Test]
    public void Shipped_policy_is_of_the_shipped_plan_and_narrows_no_key_to_another_role()
    {
        CeremonyPlan plan = CeremonyPlan.Parse(Encoding.UTF8.GetBytes(SignerWorld.ShippedPlan));
        IReadOnlyDictionary<string, KeyPolicy> policies = KeyPolicyFile.Parse(Encoding.UTF8.GetBytes(Shipped)).Policies;
        Assert.That(policies.Keys, Is.EquivalentTo(plan.Keys.Select(static key => key.Label)));
        Assert.That(plan.Root.Keys.Select(key => policies[key].Role), Has.All.EqualTo(PolicyWords.Root));
        Assert.That(plan.Products.SelectMany(static product => product.Role.Keys).Select(key => policies[key].Role), Has.All.EqualTo(PolicyWords.Product));
        Assert.That(plan.Authorities.Select(authority => policies[authority.Key].Role), Has.All.EqualTo(PolicyWords.Authority));
    }

    [TestCase("version: 1", "version: 2", "version: wanted 1, got 2")]
    [TestCase("role: targets", "role: target", "targets.role: wanted root, targets, online, product, authority, log, got target")]
    [TestCase("role: targets, ", "", "targets.role: wanted root, targets, online, product, authority, log, got nothing")]
    [TestCase("label: root-3", "label: root-2", "keys: wanted each key once, got root-2 twice")]
    [TestCase("formats: [x509, statement]", "formats: [x508]", "formats: wanted suit, tuf, x509, statement, note, got x508")]
    [TestCase("formats: [x509, statement]", "formats: []", "formats: wanted some of suit, tuf, x509, statement, note, got nothing")]
    [TestCase("mechanisms: [ecdsa-p256-sha256]", "mechanisms: [rsa-pkcs1]", "got rsa-pkcs1")]
    [TestCase("usageLimit: 2000,", "usageLimit: 0,", "targets.usageLimit: wanted a number above 0, or none, got 0")]
    [TestCase("usageLimit: 2000,", "", "targets.usageLimit: wanted a number above 0, or none, got nothing")]
    [TestCase("notAfter: none", "notAfter: 2030-01-01", "notAfter: wanted a time as 2030-01-01T00:00:00Z, or none, got 2030-01-01")]
    [TestCase("notAfter: none", "notBefore: none", "Property 'notBefore' not found")]
    public void Policy_that_is_not_complete_and_known_is_refused(string good, string bad, string reason)
    {
        int at = Shipped.IndexOf(good, StringComparison.Ordinal);
        string broken = Shipped[..at] + bad + Shipped[(at + good.Length)..];
        Assert.That(() => KeyPolicyFile.Parse(Encoding.UTF8.GetBytes(broken)), Throws.TypeOf<SignerRefusalException>().With.Message.Contains(reason));
    }

    private static void Refuses(Action demand, KeyPolicyReason reason, string message) => Assert.That(
        demand, Throws.TypeOf<KeyPolicyException>().With.Property("Reason").EqualTo(reason).And.Message.EqualTo($"policy of key 'key': {message}"));
}
