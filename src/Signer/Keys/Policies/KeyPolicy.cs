using Fota.Manifest.Keys;
using Fota.Signer.Journal;

namespace Fota.Signer.Keys.Policies;

/// <summary>What one key may sign, as a person wrote it down and another reviewed it.</summary>
/// <param name="Label">The key.</param>
/// <param name="Role">What it speaks for: "root", "targets", "online", "product" or "authority".</param>
/// <param name="Formats">Of what is signed with it: "suit", "tuf", "x509", "statement".</param>
/// <param name="Mechanisms">By which it signs, see <see cref="PolicyWords.MechanismOf"/>.</param>
/// <param name="UsageLimit">How many signatures it may make in its life; null for no limit.</param>
/// <param name="NotAfter">The last moment that it may sign at; null for no end.</param>
internal sealed record KeyPolicy(string Label, string Role, IReadOnlyList<string> Formats, IReadOnlyList<string> Mechanisms, long? UsageLimit, DateTimeOffset? NotAfter)
{
    /// <summary>Refuses what the key may not sign.</summary>
    /// <param name="key">Its public half.</param>
    /// <param name="purpose">What the signature would be for.</param>
    /// <param name="used">How many signatures it has made, or may have made.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="KeyPolicyException">It may not.</exception>
    public void Demand(VerificationKey key, SigningPurpose purpose, Func<long> used, DateTimeOffset now)
    {
        if (PolicyWords.RoleOf(purpose) is { } role && role != Role)
        {
            throw Refusal(KeyPolicyReason.Role, $"role {Role}", $"role {role}");
        }

        if (!Formats.Contains(PolicyWords.FormatOf(purpose), StringComparer.Ordinal))
        {
            throw Refusal(KeyPolicyReason.Format, $"format {string.Join(" or ", Formats)}", $"format {PolicyWords.FormatOf(purpose)}");
        }

        if (!Mechanisms.Contains(PolicyWords.MechanismOf(key.Algorithm), StringComparer.Ordinal))
        {
            throw Refusal(KeyPolicyReason.Mechanism, $"mechanism {string.Join(" or ", Mechanisms)}", $"mechanism {PolicyWords.MechanismOf(key.Algorithm)}");
        }

        if (NotAfter is { } end && now > end)
        {
            throw Refusal(KeyPolicyReason.NotAfter, $"a time not after {end:u}", $"{now:u}");
        }

        if (UsageLimit is { } limit && used() is var count && count >= limit)
        {
            throw Refusal(KeyPolicyReason.UsageLimit, $"at most {limit} signatures", $"one more after {count}");
        }
    }

    private KeyPolicyException Refusal(KeyPolicyReason reason, string wanted, string got) => new(reason, Label, wanted, got);
}
