namespace Fota.Interop.Cryptoki;

/// <summary>A mechanism and its parameters, as C_SignInit takes them.</summary>
internal sealed record SigningMechanism(nuint Number, CK_RSA_PKCS_PSS_PARAMS? Pss = null);
