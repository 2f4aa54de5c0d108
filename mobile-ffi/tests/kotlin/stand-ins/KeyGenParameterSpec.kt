// Stand in for classes of Android's SDK of which `examples/android` needs this much to be compiled.
package android.security.keystore

import java.security.spec.AlgorithmParameterSpec

class KeyGenParameterSpec private constructor() : AlgorithmParameterSpec {
    class Builder(val alias: String, val purposes: Int) {
        fun setBlockModes(vararg modes: String) = this

        fun setEncryptionPaddings(vararg paddings: String) = this

        fun build() = KeyGenParameterSpec()
    }
}

object KeyProperties {
    const val PURPOSE_ENCRYPT = 1
    const val PURPOSE_DECRYPT = 2
    const val BLOCK_MODE_GCM = "GCM"
    const val ENCRYPTION_PADDING_NONE = "NoPadding"
    const val KEY_ALGORITHM_AES = "AES"
}
