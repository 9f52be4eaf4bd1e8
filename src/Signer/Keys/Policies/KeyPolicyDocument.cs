namespace Fota.Signer.Keys.Policies;

/// <summary>key-policy.yaml as it is written; what is absent is null until <see cref="KeyPolicyFile"/> has checked it.</summary>
internal sealed class KeyPolicyDocument
{
    public int? Version { get; set; }

    public List<KeyPolicyEntry>? Keys { get; set; }
}

/// <summary>One key of it. A limit that is not wanted is written "none", so that a forgotten one is noticed.</summary>
internal sealed class KeyPolicyEntry
{
    public string? Label { get; set; }

    public string? Role { get; set; }

    public List<string>? Formats { get; set; }

    public List<string>? Mechanisms { get; set; }

    public string? UsageLimit { get; set; }

    public string? NotAfter { get; set; }
}
