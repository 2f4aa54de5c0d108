// Daybook as a library module of an app's Gradle build. `android.sh` puts the libraries and the Kotlin beside it, and
// `:daybook:assembleRelease` makes the AAR. Not run where this was written.
plugins {
    id("com.android.library")
    id("org.jetbrains.kotlin.android")
}

android {
    namespace = "daybook"
    compileSdk = 36
    defaultConfig {
        // The first with java.time, in which moments and days are told.
        minSdk = 26
        consumerProguardFiles("consumer-rules.pro")
    }
}

kotlin {
    jvmToolchain(17)
}

dependencies {
    implementation("net.java.dev.jna:jna:5.17.0@aar")
    implementation("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.8.1")
}
