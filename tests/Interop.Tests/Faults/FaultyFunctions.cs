using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fota.Interop.Cryptoki;

namespace Fota.Interop.Tests.Faults;

/// <summary>The functions of <c>pkcs11.h</c> that the library calls, each as a C function that asks <see cref="FaultPlan"/> first.</summary>
internal static unsafe class FaultyFunctions
{
    private static CK_FUNCTION_LIST _real;

    /// <summary>Puts itself between a library and its module: below the function table, above the module.</summary>
    public static void Install(CK_FUNCTION_LIST* functions)
    {
        _real = *functions;
        functions->C_Initialize = &Initialize;
        functions->C_Finalize = &Finalize;
        functions->C_GetInfo = &GetInfo;
        functions->C_GetSlotList = &GetSlotList;
        functions->C_GetTokenInfo = &GetTokenInfo;
        functions->C_InitToken = &InitToken;
        functions->C_InitPIN = &InitPIN;
        functions->C_OpenSession = &OpenSession;
        functions->C_CloseSession = &CloseSession;
        functions->C_GetSessionInfo = &GetSessionInfo;
        functions->C_Login = &Login;
        functions->C_Logout = &Logout;
        functions->C_GetAttributeValue = &GetAttributeValue;
        functions->C_FindObjectsInit = &FindObjectsInit;
        functions->C_FindObjects = &FindObjects;
        functions->C_FindObjectsFinal = &FindObjectsFinal;
        functions->C_SignInit = &SignInit;
        functions->C_Sign = &Sign;
        functions->C_GenerateKeyPair = &GenerateKeyPair;
        functions->C_GenerateRandom = &GenerateRandom;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint Initialize(CK_C_INITIALIZE_ARGS* arguments)
    {
        if (FaultPlan.Begin("C_Initialize") is { } answer)
        {
            return answer;
        }

        nuint result = _real.C_Initialize(arguments);
        FaultPlan.End("C_Initialize", result);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint Finalize(void* reserved)
    {
        if (FaultPlan.Begin("C_Finalize") is { } answer)
        {
            return answer;
        }

        nuint result = _real.C_Finalize(reserved);
        FaultPlan.End("C_Finalize", result);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint GetInfo(CK_INFO* info)
    {
        if (FaultPlan.Begin("C_GetInfo") is { } answer)
        {
            return answer;
        }

        nuint result = _real.C_GetInfo(info);
        FaultPlan.End("C_GetInfo", result);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint GetSlotList(byte present, nuint* slots, nuint* count)
    {
        if (FaultPlan.Begin("C_GetSlotList") is { } answer)
        {
            return answer;
        }

        nuint result = _real.C_GetSlotList(present, slots, count);
        FaultPlan.End("C_GetSlotList", result);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint GetTokenInfo(nuint slot, CK_TOKEN_INFO* info)
    {
        if (FaultPlan.Begin("C_GetTokenInfo") is { } answer)
        {
            return answer;
        }

        nuint result = _real.C_GetTokenInfo(slot, info);
        info->Flags |= FaultPlan.AddedTokenFlags;
        FaultPlan.End("C_GetTokenInfo", result);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint InitToken(nuint slot, byte* pin, nuint length, byte* label)
    {
        if (FaultPlan.Begin("C_InitToken") is { } answer)
        {
            return answer;
        }

        nuint result = _real.C_InitToken(slot, pin, length, label);
        FaultPlan.End("C_InitToken", result);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint InitPIN(nuint session, byte* pin, nuint length)
    {
        if (FaultPlan.Begin("C_InitPIN") is { } answer)
        {
            return answer;
        }

        nuint result = _real.C_InitPIN(session, pin, length);
        FaultPlan.End("C_InitPIN", result);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint OpenSession(nuint slot, nuint flags, void* application, void* notify, nuint* session)
    {
        if (FaultPlan.Begin("C_OpenSession") is { } answer)
        {
            return answer;
        }

        nuint result = _real.C_OpenSession(slot, flags, application, notify, session);
        FaultPlan.End("C_OpenSession", result);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint CloseSession(nuint session)
    {
        if (FaultPlan.Begin("C_CloseSession") is { } answer)
        {
            return answer;
        }

        nuint result = _real.C_CloseSession(session);
        FaultPlan.End("C_CloseSession", result);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint GetSessionInfo(nuint session, CK_SESSION_INFO* info)
    {
        if (FaultPlan.Begin("C_GetSessionInfo") is { } answer)
        {
            return answer;
        }

        nuint result = _real.C_GetSessionInfo(session, info);
        FaultPlan.End("C_GetSessionInfo", result);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint Login(nuint session, nuint user, byte* pin, nuint length)
    {
        if (FaultPlan.Begin("C_Login") is { } answer)
        {
            return answer;
        }

        nuint result = _real.C_Login(session, user, pin, length);
        FaultPlan.End("C_Login", result);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint Logout(nuint session)
    {
        if (FaultPlan.Begin("C_Logout") is { } answer)
        {
            return answer;
        }

        nuint result = _real.C_Logout(session);
        FaultPlan.End("C_Logout", result);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint GetAttributeValue(nuint session, nuint target, CK_ATTRIBUTE* template, nuint count)
    {
        if (FaultPlan.Begin("C_GetAttributeValue") is { } answer)
        {
            return answer;
        }

        nuint result = _real.C_GetAttributeValue(session, target, template, count);
        FaultPlan.End("C_GetAttributeValue", result);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint FindObjectsInit(nuint session, CK_ATTRIBUTE* template, nuint count)
    {
        if (FaultPlan.Begin("C_FindObjectsInit") is { } answer)
        {
            return answer;
        }

        nuint result = _real.C_FindObjectsInit(session, template, count);
        FaultPlan.End("C_FindObjectsInit", result);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint FindObjects(nuint session, nuint* found, nuint limit, nuint* count)
    {
        if (FaultPlan.Begin("C_FindObjects") is { } answer)
        {
            return answer;
        }

        nuint result = _real.C_FindObjects(session, found, limit, count);
        FaultPlan.End("C_FindObjects", result);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint FindObjectsFinal(nuint session)
    {
        if (FaultPlan.Begin("C_FindObjectsFinal") is { } answer)
        {
            return answer;
        }

        nuint result = _real.C_FindObjectsFinal(session);
        FaultPlan.End("C_FindObjectsFinal", result);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint SignInit(nuint session, CK_MECHANISM* mechanism, nuint key)
    {
        if (FaultPlan.Begin("C_SignInit") is { } answer)
        {
            return answer;
        }

        nuint result = _real.C_SignInit(session, mechanism, key);
        FaultPlan.End("C_SignInit", result);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint Sign(nuint session, byte* content, nuint contentLength, byte* signature, nuint* length)
    {
        if (FaultPlan.Begin("C_Sign") is { } answer)
        {
            return answer;
        }

        nuint result = _real.C_Sign(session, content, contentLength, signature, length);
        FaultPlan.End("C_Sign", result, new ReadOnlySpan<byte>(content, (int)contentLength));
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint GenerateKeyPair(nuint session, CK_MECHANISM* mechanism, CK_ATTRIBUTE* publicKey, nuint publicCount, CK_ATTRIBUTE* privateKey, nuint privateCount, nuint* publicHandle, nuint* privateHandle)
    {
        if (FaultPlan.Begin("C_GenerateKeyPair") is { } answer)
        {
            return answer;
        }

        nuint result = _real.C_GenerateKeyPair(session, mechanism, publicKey, publicCount, privateKey, privateCount, publicHandle, privateHandle);
        FaultPlan.End("C_GenerateKeyPair", result);
        return result;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nuint GenerateRandom(nuint session, byte* destination, nuint length)
    {
        if (FaultPlan.Begin("C_GenerateRandom") is { } answer)
        {
            return answer;
        }

        nuint result = _real.C_GenerateRandom(session, destination, length);
        FaultPlan.End("C_GenerateRandom", result);
        return result;
    }
}
