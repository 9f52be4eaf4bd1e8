namespace Fota.Signer.Keys.Policies;

/// <summary>Which part of its policy a key would have broken.</summary>
internal enum KeyPolicyReason
{
    /// <summary>No part; never used.</summary>
    None = 0,

    /// <summary>It speaks for another role.</summary>
    Role,

    /// <summary>It does not sign documents of this format.</summary>
    Format,

    /// <summary>It does not sign by this mechanism.</summary>
    Mechanism,

    /// <summary>It has made as many signatures as it may.</summary>
    UsageLimit,

    /// <summary>Its time is over.</summary>
    NotAfter,
}

/// <summary>A key was not used, since its policy does not allow it.</summary>
internal sealed class KeyPolicyException(KeyPolicyReason reason, string label, string wanted, string got)
    : SignerRefusalException($"policy of key '{label}': wanted {wanted}, got {got}")
{
    /// <summary>Why.</summary>
    public KeyPolicyReason Reason => reason;
}
