using System.Runtime.InteropServices;

namespace Fota.Interop.Cryptoki;

/// <summary>The part of <c>pkcs11.h</c> (PKCS#11 2.40, and the Edwards curves of 3.0) that is used, under its C names.</summary>
/// <remarks>For 64-bit Unix: <c>CK_ULONG</c> is pointer-sized and structures have natural alignment.</remarks>
internal static class Pkcs11
{
    public const nuint CKR_OK = 0;
    public const nuint CKR_PIN_INCORRECT = 0xA0;
    public const nuint CKR_SESSION_HANDLE_INVALID = 0xB3;
    public const nuint CKR_TOKEN_NOT_RECOGNIZED = 0xE1;
    public const nuint CKR_USER_ALREADY_LOGGED_IN = 0x100;
    public const nuint CKR_USER_NOT_LOGGED_IN = 0x101;
    public const nuint CKR_BUFFER_TOO_SMALL = 0x150;
    public const nuint CKR_CRYPTOKI_NOT_INITIALIZED = 0x190;
    public const nuint CKR_CRYPTOKI_ALREADY_INITIALIZED = 0x191;

    public const nuint CKF_OS_LOCKING_OK = 2;
    public const nuint CKF_RW_SESSION = 2;
    public const nuint CKF_SERIAL_SESSION = 4;
    public const nuint CKF_USER_PIN_INITIALIZED = 0x8;
    public const nuint CKF_TOKEN_INITIALIZED = 0x400;
    public const nuint CKF_USER_PIN_COUNT_LOW = 0x10000;
    public const nuint CKF_USER_PIN_FINAL_TRY = 0x20000;
    public const nuint CKF_USER_PIN_LOCKED = 0x40000;

    public const nuint CKU_SO = 0;
    public const nuint CKU_USER = 1;

    public const nuint CKS_RO_USER_FUNCTIONS = 1;
    public const nuint CKS_RW_USER_FUNCTIONS = 3;

    public const nuint CKO_PUBLIC_KEY = 2;
    public const nuint CKO_PRIVATE_KEY = 3;

    public const nuint CKK_RSA = 0;
    public const nuint CKK_EC = 3;
    public const nuint CKK_EC_EDWARDS = 0x40;

    public const nuint CKA_CLASS = 0;
    public const nuint CKA_TOKEN = 1;
    public const nuint CKA_PRIVATE = 2;
    public const nuint CKA_LABEL = 3;
    public const nuint CKA_VALUE = 0x11;
    public const nuint CKA_KEY_TYPE = 0x100;
    public const nuint CKA_ID = 0x102;
    public const nuint CKA_SENSITIVE = 0x103;
    public const nuint CKA_DECRYPT = 0x105;
    public const nuint CKA_UNWRAP = 0x107;
    public const nuint CKA_SIGN = 0x108;
    public const nuint CKA_VERIFY = 0x10A;
    public const nuint CKA_DERIVE = 0x10C;
    public const nuint CKA_MODULUS = 0x120;
    public const nuint CKA_MODULUS_BITS = 0x121;
    public const nuint CKA_PUBLIC_EXPONENT = 0x122;
    public const nuint CKA_EXTRACTABLE = 0x162;
    public const nuint CKA_NEVER_EXTRACTABLE = 0x164;
    public const nuint CKA_EC_PARAMS = 0x180;
    public const nuint CKA_EC_POINT = 0x181;

    public const nuint CKM_RSA_PKCS_KEY_PAIR_GEN = 0x0;
    public const nuint CKM_RSA_PKCS_PSS = 0xD;
    public const nuint CKM_SHA256 = 0x250;
    public const nuint CKG_MGF1_SHA256 = 2;
    public const nuint CKM_EC_KEY_PAIR_GEN = 0x1040;
    public const nuint CKM_ECDSA = 0x1041;
    public const nuint CKM_EC_EDWARDS_KEY_PAIR_GEN = 0x1055;
    public const nuint CKM_EDDSA = 0x1057;
}

[StructLayout(LayoutKind.Sequential)]
internal struct CK_VERSION
{
    public byte Major;
    public byte Minor;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CK_ATTRIBUTE
{
    public nuint Type;
    public void* Value;
    public nuint Length;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CK_MECHANISM
{
    public nuint Mechanism;
    public void* Parameter;
    public nuint ParameterLength;
}

[StructLayout(LayoutKind.Sequential)]
internal struct CK_RSA_PKCS_PSS_PARAMS
{
    public nuint HashMechanism;
    public nuint MaskGeneration;
    public nuint SaltLength;
}

[StructLayout(LayoutKind.Sequential)]
internal struct CK_C_INITIALIZE_ARGS
{
    public nint CreateMutex;
    public nint DestroyMutex;
    public nint LockMutex;
    public nint UnlockMutex;
    public nuint Flags;
    public nint Reserved;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CK_INFO
{
    public CK_VERSION CryptokiVersion;
    public fixed byte Manufacturer[32];
    public nuint Flags;
    public fixed byte Description[32];
    public CK_VERSION LibraryVersion;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CK_TOKEN_INFO
{
    public fixed byte Label[32];
    public fixed byte Manufacturer[32];
    public fixed byte Model[16];
    public fixed byte Serial[16];
    public nuint Flags;
    public nuint MaxSessionCount;
    public nuint SessionCount;
    public nuint MaxRwSessionCount;
    public nuint RwSessionCount;
    public nuint MaxPinLength;
    public nuint MinPinLength;
    public nuint TotalPublicMemory;
    public nuint FreePublicMemory;
    public nuint TotalPrivateMemory;
    public nuint FreePrivateMemory;
    public CK_VERSION HardwareVersion;
    public CK_VERSION FirmwareVersion;
    public fixed byte UtcTime[16];
}

[StructLayout(LayoutKind.Sequential)]
internal struct CK_SESSION_INFO
{
    public nuint SlotId;
    public nuint State;
    public nuint Flags;
    public nuint DeviceError;
}

/// <summary><c>CK_FUNCTION_LIST</c>: the version, then all 68 functions in the header's order. Unused ones keep their place as addresses.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CK_FUNCTION_LIST
{
    public CK_VERSION Version;
    public delegate* unmanaged[Cdecl]<CK_C_INITIALIZE_ARGS*, nuint> C_Initialize;
    public delegate* unmanaged[Cdecl]<void*, nuint> C_Finalize;
    public delegate* unmanaged[Cdecl]<CK_INFO*, nuint> C_GetInfo;
    public nint C_GetFunctionList;
    public delegate* unmanaged[Cdecl]<byte, nuint*, nuint*, nuint> C_GetSlotList;
    public nint C_GetSlotInfo;
    public delegate* unmanaged[Cdecl]<nuint, CK_TOKEN_INFO*, nuint> C_GetTokenInfo;
    public nint C_GetMechanismList;
    public nint C_GetMechanismInfo;
    public delegate* unmanaged[Cdecl]<nuint, byte*, nuint, byte*, nuint> C_InitToken;
    public delegate* unmanaged[Cdecl]<nuint, byte*, nuint, nuint> C_InitPIN;
    public nint C_SetPIN;
    public delegate* unmanaged[Cdecl]<nuint, nuint, void*, void*, nuint*, nuint> C_OpenSession;
    public delegate* unmanaged[Cdecl]<nuint, nuint> C_CloseSession;
    public delegate* unmanaged[Cdecl]<nuint, nuint> C_CloseAllSessions;
    public delegate* unmanaged[Cdecl]<nuint, CK_SESSION_INFO*, nuint> C_GetSessionInfo;
    public nint C_GetOperationState;
    public nint C_SetOperationState;
    public delegate* unmanaged[Cdecl]<nuint, nuint, byte*, nuint, nuint> C_Login;
    public delegate* unmanaged[Cdecl]<nuint, nuint> C_Logout;
    public nint C_CreateObject;
    public nint C_CopyObject;
    public nint C_DestroyObject;
    public nint C_GetObjectSize;
    public delegate* unmanaged[Cdecl]<nuint, nuint, CK_ATTRIBUTE*, nuint, nuint> C_GetAttributeValue;
    public nint C_SetAttributeValue;
    public delegate* unmanaged[Cdecl]<nuint, CK_ATTRIBUTE*, nuint, nuint> C_FindObjectsInit;
    public delegate* unmanaged[Cdecl]<nuint, nuint*, nuint, nuint*, nuint> C_FindObjects;
    public delegate* unmanaged[Cdecl]<nuint, nuint> C_FindObjectsFinal;
    public nint C_EncryptInit;
    public nint C_Encrypt;
    public nint C_EncryptUpdate;
    public nint C_EncryptFinal;
    public nint C_DecryptInit;
    public nint C_Decrypt;
    public nint C_DecryptUpdate;
    public nint C_DecryptFinal;
    public nint C_DigestInit;
    public nint C_Digest;
    public nint C_DigestUpdate;
    public nint C_DigestKey;
    public nint C_DigestFinal;
    public delegate* unmanaged[Cdecl]<nuint, CK_MECHANISM*, nuint, nuint> C_SignInit;
    public delegate* unmanaged[Cdecl]<nuint, byte*, nuint, byte*, nuint*, nuint> C_Sign;
    public nint C_SignUpdate;
    public nint C_SignFinal;
    public nint C_SignRecoverInit;
    public nint C_SignRecover;
    public nint C_VerifyInit;
    public nint C_Verify;
    public nint C_VerifyUpdate;
    public nint C_VerifyFinal;
    public nint C_VerifyRecoverInit;
    public nint C_VerifyRecover;
    public nint C_DigestEncryptUpdate;
    public nint C_DecryptDigestUpdate;
    public nint C_SignEncryptUpdate;
    public nint C_DecryptVerifyUpdate;
    public nint C_GenerateKey;
    public delegate* unmanaged[Cdecl]<nuint, CK_MECHANISM*, CK_ATTRIBUTE*, nuint, CK_ATTRIBUTE*, nuint, nuint*, nuint*, nuint> C_GenerateKeyPair;
    public nint C_WrapKey;
    public nint C_UnwrapKey;
    public nint C_DeriveKey;
    public nint C_SeedRandom;
    public delegate* unmanaged[Cdecl]<nuint, byte*, nuint, nuint> C_GenerateRandom;
    public nint C_GetFunctionStatus;
    public nint C_CancelFunction;
    public nint C_WaitForSlotEvent;
}
