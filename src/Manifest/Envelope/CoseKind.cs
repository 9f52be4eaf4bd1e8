namespace Fota.Manifest.Envelope;

/// <summary>The messages of COSE (RFC 9052 section 2), by their CBOR tags.</summary>
public enum CoseKind
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>COSE_Encrypt0.</summary>
    Encrypt0 = 16,

    /// <summary>COSE_Mac0.</summary>
    Mac0 = 17,

    /// <summary>COSE_Sign1: one signature, the only kind that proves anything to us.</summary>
    Sign1 = 18,

    /// <summary>COSE_Encrypt.</summary>
    Encrypt = 96,

    /// <summary>COSE_Mac.</summary>
    Mac = 97,

    /// <summary>COSE_Sign: several signatures.</summary>
    Sign = 98,
}
